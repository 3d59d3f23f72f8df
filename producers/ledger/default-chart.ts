/**
 * Owns the chart that a tenant begins with, and which of its accounts each role goes to where the tenant's own posting
 * rules say nothing. Data alone: Bangladeshi small business, codes by class (1 assets ... 8 other expenses). PURE.
 * C1: an account's id is its code. C2: every role has an account here, and a control role a control account.
 */
import type { AccountClass, CashFlowActivity } from '../../schemas/generated/records.ts'
import type { Payload } from '../kernel/events.ts'
import type { Change } from '../kernel/operation.ts'
import type { Role } from './posting.ts'

/** Kinds of accounts within the classes; the statements and ratios go by them. */
export const SUBTYPES = {
  ASSET: [
    'CASH',
    'BANK',
    'MFS',
    'RECEIVABLE',
    'ALLOWANCE',
    'INVENTORY',
    'MARKETABLE_SECURITIES',
    'TAX_RECEIVABLE',
    'OTHER_CURRENT_ASSET',
    'FIXED_ASSET',
    'ACCUMULATED_DEPRECIATION',
    'OTHER_ASSET',
  ],
  LIABILITY: [
    'PAYABLE',
    'TAX_PAYABLE',
    'OTHER_CURRENT_LIABILITY',
    'SHORT_TERM_DEBT',
    'CURRENT_PART_OF_LONG_TERM_DEBT',
    'LONG_TERM_DEBT',
    'OTHER_LIABILITY',
  ],
  EQUITY: ['EQUITY', 'RETAINED_EARNINGS'],
  INCOME: ['REVENUE', 'RETURNS', 'DISCOUNT', 'OTHER_INCOME'],
  EXPENSE: [
    'COGS',
    'OPERATING_EXPENSE',
    'DEPRECIATION',
    'AMORTISATION',
    'INTEREST_EXPENSE',
    'INCOME_TAX',
    'OTHER_EXPENSE',
  ],
} as const

type Class = keyof typeof SUBTYPES
type Subtype<C extends Class> = (typeof SUBTYPES)[C][number]

interface Row {
  readonly code: string
  readonly name: string
  readonly nameBn: string
  readonly accountClass: Class
  readonly subtype: string
  readonly cashFlow: CashFlowActivity
  readonly parentId: string | null
  readonly control: string
}

const row =
  <C extends Class>(accountClass: C, usual: CashFlowActivity) =>
  (
    code: string,
    name: string,
    nameBn: string,
    subtype: Subtype<C>,
    more: { readonly in?: string; readonly cashFlow?: CashFlowActivity; readonly control?: string } = {},
  ): Row => ({
    code,
    name,
    nameBn,
    accountClass,
    subtype,
    cashFlow: more.cashFlow ?? usual,
    parentId: more.in ?? null,
    control: more.control ?? '',
  })

const asset = row('ASSET', 'OPERATING')
const liability = row('LIABILITY', 'OPERATING')
const equity = row('EQUITY', 'FINANCING')
const income = row('INCOME', 'OPERATING')
const expense = row('EXPENSE', 'OPERATING')
const CASH = { cashFlow: 'CASH' } as const
const INVESTING = { cashFlow: 'INVESTING' } as const
const FINANCING = { cashFlow: 'FINANCING' } as const
const NONE = { cashFlow: 'NONE' } as const

/** Parents before their children. */
const ROWS: readonly Row[] = [
  asset('1000', 'Assets', 'সম্পদ', 'OTHER_ASSET', NONE),
  asset('1100', 'Cash and cash equivalents', 'নগদ ও নগদ সমতুল্য', 'CASH', { in: '1000', ...CASH }),
  asset('1101', 'Cash in hand', 'হাতে নগদ', 'CASH', { in: '1100', ...CASH }),
  asset('1102', 'Petty cash', 'খুচরা নগদ', 'CASH', { in: '1100', ...CASH }),
  asset('1110', 'Bank current account', 'ব্যাংক চলতি হিসাব', 'BANK', { in: '1100', ...CASH }),
  asset('1115', 'Bank savings and short deposits', 'ব্যাংক সঞ্চয় ও স্বল্পমেয়াদি আমানত', 'BANK', {
    in: '1100',
    ...CASH,
  }),
  asset('1131', 'bKash merchant account', 'বিকাশ মার্চেন্ট হিসাব', 'MFS', { in: '1100', ...CASH }),
  asset('1132', 'Nagad merchant account', 'নগদ মার্চেন্ট হিসাব', 'MFS', { in: '1100', ...CASH }),
  asset('1133', 'Rocket merchant account', 'রকেট মার্চেন্ট হিসাব', 'MFS', { in: '1100', ...CASH }),
  asset('1139', 'Other mobile financial services', 'অন্যান্য মোবাইল আর্থিক সেবা', 'MFS', { in: '1100', ...CASH }),
  asset('1150', 'Marketable securities', 'বাজারজাত সিকিউরিটিজ', 'MARKETABLE_SECURITIES', {
    in: '1000',
    ...INVESTING,
  }),
  asset('1200', 'Trade receivables', 'প্রাপ্য হিসাব', 'RECEIVABLE', { in: '1000', control: 'receivables' }),
  asset('1290', 'Allowance for doubtful debts', 'সন্দেহজনক পাওনার সঞ্চিতি', 'ALLOWANCE', { in: '1000' }),
  asset('1310', 'Input VAT', 'উপকরণ কর (মূসক)', 'TAX_RECEIVABLE', { in: '1000' }),
  asset('1320', 'VAT deducted at source, receivable', 'উৎসে কর্তিত মূসক প্রাপ্য', 'TAX_RECEIVABLE', {
    in: '1000',
  }),
  asset('1330', 'Income tax deducted at source, receivable', 'উৎসে কর্তিত আয়কর প্রাপ্য', 'TAX_RECEIVABLE', {
    in: '1000',
  }),
  asset('1340', 'Advance income tax', 'অগ্রিম আয়কর', 'TAX_RECEIVABLE', { in: '1000' }),
  asset('1400', 'Inventory', 'মজুদ পণ্য', 'INVENTORY', { in: '1000', control: 'inventory' }),
  asset('1500', 'Prepaid expenses', 'অগ্রিম প্রদত্ত খরচ', 'OTHER_CURRENT_ASSET', { in: '1000' }),
  asset('1510', 'Advances to employees', 'কর্মচারীদের অগ্রিম', 'OTHER_CURRENT_ASSET', { in: '1000' }),
  asset('1520', 'Deposits paid', 'প্রদত্ত জামানত', 'OTHER_CURRENT_ASSET', { in: '1000' }),
  asset('1600', 'Property, plant and equipment', 'সম্পত্তি, কারখানা ও সরঞ্জাম', 'FIXED_ASSET', {
    in: '1000',
    ...INVESTING,
  }),
  asset('1610', 'Land and buildings', 'ভূমি ও ভবন', 'FIXED_ASSET', { in: '1600', ...INVESTING }),
  asset('1620', 'Machinery', 'যন্ত্রপাতি', 'FIXED_ASSET', { in: '1600', ...INVESTING }),
  asset('1630', 'Vehicles', 'যানবাহন', 'FIXED_ASSET', { in: '1600', ...INVESTING }),
  asset('1640', 'Furniture and office equipment', 'আসবাবপত্র ও অফিস সরঞ্জাম', 'FIXED_ASSET', {
    in: '1600',
    ...INVESTING,
  }),
  asset('1690', 'Accumulated depreciation', 'পুঞ্জীভূত অবচয়', 'ACCUMULATED_DEPRECIATION', {
    in: '1600',
    ...NONE,
  }),
  asset('1700', 'Intangible assets', 'অস্পর্শনীয় সম্পদ', 'FIXED_ASSET', { in: '1000', ...INVESTING }),
  liability('2000', 'Liabilities', 'দায়', 'OTHER_LIABILITY', NONE),
  liability('2100', 'Trade payables', 'প্রদেয় হিসাব', 'PAYABLE', { in: '2000', control: 'payables' }),
  liability('2120', 'Goods received or billed, in transit', 'পথে থাকা পণ্য', 'OTHER_CURRENT_LIABILITY', {
    in: '2000',
  }),
  liability('2130', 'Accrued expenses', 'বকেয়া খরচ', 'OTHER_CURRENT_LIABILITY', { in: '2000' }),
  liability('2140', 'Salaries payable', 'প্রদেয় বেতন', 'OTHER_CURRENT_LIABILITY', { in: '2000' }),
  liability('2150', 'Customer deposits', 'গ্রাহকের জামানত', 'OTHER_CURRENT_LIABILITY', { in: '2000' }),
  liability('2210', 'Output VAT', 'প্রদেয় মূসক', 'TAX_PAYABLE', { in: '2000' }),
  liability('2215', 'Supplementary duty', 'সম্পূরক শুল্ক', 'TAX_PAYABLE', { in: '2000' }),
  liability('2220', 'VAT deducted at source, payable', 'উৎসে কর্তিত মূসক প্রদেয়', 'TAX_PAYABLE', { in: '2000' }),
  liability('2230', 'Income tax deducted at source, payable', 'উৎসে কর্তিত আয়কর প্রদেয়', 'TAX_PAYABLE', {
    in: '2000',
  }),
  liability('2240', 'Income tax payable', 'প্রদেয় আয়কর', 'TAX_PAYABLE', { in: '2000' }),
  liability(
    '2300',
    'Bank overdraft and short-term loans',
    'ব্যাংক জমাতিরিক্ত ও স্বল্পমেয়াদি ঋণ',
    'SHORT_TERM_DEBT',
    {
      in: '2000',
      ...FINANCING,
    },
  ),
  liability(
    '2310',
    'Current part of long-term loans',
    'দীর্ঘমেয়াদি ঋণের চলতি অংশ',
    'CURRENT_PART_OF_LONG_TERM_DEBT',
    { in: '2000', ...FINANCING },
  ),
  liability('2500', 'Long-term loans', 'দীর্ঘমেয়াদি ঋণ', 'LONG_TERM_DEBT', { in: '2000', ...FINANCING }),
  liability('2600', 'Provident fund and gratuity', 'ভবিষ্য তহবিল ও গ্র্যাচুইটি', 'OTHER_LIABILITY', {
    in: '2000',
  }),
  equity('3000', 'Equity', 'মূলধন', 'EQUITY', NONE),
  equity('3100', 'Share capital', 'শেয়ার মূলধন', 'EQUITY', { in: '3000' }),
  equity('3110', "Owner's drawings", 'মালিকের উত্তোলন', 'EQUITY', { in: '3000' }),
  equity('3200', 'Retained earnings', 'সংরক্ষিত আয়', 'RETAINED_EARNINGS', { in: '3000', ...NONE }),
  equity('3900', 'Opening balances', 'প্রারম্ভিক জের', 'EQUITY', { in: '3000', ...NONE }),
  income('4000', 'Sales', 'বিক্রয়', 'REVENUE'),
  income('4010', 'Sales of goods', 'পণ্য বিক্রয়', 'REVENUE', { in: '4000' }),
  income('4020', 'Sales of services', 'সেবা বিক্রয়', 'REVENUE', { in: '4000' }),
  income('4030', 'Export sales', 'রপ্তানি বিক্রয়', 'REVENUE', { in: '4000' }),
  income('4100', 'Sales returns', 'বিক্রয় ফেরত', 'RETURNS', { in: '4000' }),
  income('4110', 'Discounts allowed', 'প্রদত্ত বাট্টা', 'DISCOUNT', { in: '4000' }),
  expense('5000', 'Cost of sales', 'বিক্রয় ব্যয়', 'COGS'),
  expense('5010', 'Cost of goods sold', 'বিক্রীত পণ্যের ব্যয়', 'COGS', { in: '5000' }),
  expense('5020', 'Purchases and direct costs', 'ক্রয় ও প্রত্যক্ষ ব্যয়', 'COGS', { in: '5000' }),
  expense('5030', 'Stock adjustments', 'মজুদ সমন্বয়', 'COGS', { in: '5000', ...NONE }),
  expense('5040', 'Carriage inward', 'আগত পরিবহন', 'COGS', { in: '5000' }),
  expense('6000', 'Operating expenses', 'পরিচালন ব্যয়', 'OPERATING_EXPENSE'),
  expense('6010', 'Salaries and wages', 'বেতন ও মজুরি', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6020', 'Festival bonus', 'উৎসব ভাতা', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6100', 'Rent', 'ভাড়া', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6110', 'Electricity, gas and water', 'বিদ্যুৎ, গ্যাস ও পানি', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6120', 'Telephone and internet', 'টেলিফোন ও ইন্টারনেট', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6200', 'Transport and delivery', 'পরিবহন ও সরবরাহ', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6210', 'Travel', 'ভ্রমণ', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6220', 'Hospitality', 'আপ্যায়ন', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6300', 'Office supplies', 'অফিস সরবরাহ', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6310', 'Repairs and maintenance', 'মেরামত ও রক্ষণাবেক্ষণ', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6320', 'Insurance', 'বীমা', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6400', 'Marketing', 'বিপণন', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6500', 'Professional fees', 'পেশাগত ফি', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6510', 'Licences, fees and local taxes', 'লাইসেন্স, ফি ও স্থানীয় কর', 'OPERATING_EXPENSE', {
    in: '6000',
  }),
  expense('6600', 'Bank and MFS charges', 'ব্যাংক ও এমএফএস চার্জ', 'OPERATING_EXPENSE', { in: '6000' }),
  expense('6700', 'Bad debts', 'অনাদায়ী পাওনা', 'OPERATING_EXPENSE', { in: '6000', ...NONE }),
  expense('6800', 'Depreciation', 'অবচয়', 'DEPRECIATION', { in: '6000', ...NONE }),
  expense('6810', 'Amortisation', 'অবলোপন', 'AMORTISATION', { in: '6000', ...NONE }),
  expense('6900', 'Sundry expenses', 'বিবিধ খরচ', 'OPERATING_EXPENSE', { in: '6000' }),
  income('7000', 'Other income', 'অন্যান্য আয়', 'OTHER_INCOME'),
  income('7010', 'Interest received', 'প্রাপ্ত সুদ', 'OTHER_INCOME', { in: '7000', ...INVESTING }),
  income('7020', 'Debts to vendors forgiven', 'মওকুফকৃত দেনা', 'OTHER_INCOME', { in: '7000', ...NONE }),
  income('7030', 'Exchange gains', 'বিনিময় লাভ', 'OTHER_INCOME', { in: '7000' }),
  expense('8000', 'Other expenses', 'অন্যান্য ব্যয়', 'OTHER_EXPENSE'),
  expense('8010', 'Interest paid', 'প্রদত্ত সুদ', 'INTEREST_EXPENSE', { in: '8000', ...FINANCING }),
  expense('8020', 'Income tax', 'আয়কর', 'INCOME_TAX', { in: '8000' }),
  expense('8030', 'Exchange losses', 'বিনিময় ক্ষতি', 'OTHER_EXPENSE', { in: '8000' }),
  expense('8040', 'Rounding', 'পূর্ণকরণ পার্থক্য', 'OTHER_EXPENSE', { in: '8000', ...NONE }),
]

export const DEFAULT_CHART: readonly Payload<'AccountCreated'>[] = ROWS.map((one) => ({
  ...one,
  accountClass: one.accountClass satisfies AccountClass,
  currency: null,
  active: true,
}))

/** What follows from a tenant's registration. */
export const defaultChart = (): readonly Change[] =>
  DEFAULT_CHART.map((data) => ({
    aggregate: { type: 'account', id: data.code },
    events: [{ type: 'AccountCreated', data }],
  }))

/** Account of each role; `keys` go before it. Keys are written in lower case. */
interface Default {
  readonly account: string
  readonly keys?: Readonly<Record<string, string>>
}

export const DEFAULT_ACCOUNTS: Readonly<Record<Role, Default>> = {
  receivables: { account: '1200' },
  payables: { account: '2100' },
  cash: {
    account: '1110',
    keys: { cash: '1101', bkash: '1131', nagad: '1132', rocket: '1133', upay: '1139', mfs: '1139' },
  },
  revenue: { account: '4010', keys: { service: '4020', services: '4020', export: '4030', exports: '4030' } },
  'sales-returns': { account: '4100' },
  'output-vat': { account: '2210' },
  'output-sd': { account: '2215' },
  'input-vat': { account: '1310' },
  'vds-receivable': { account: '1320' },
  'tds-receivable': { account: '1330' },
  'vds-payable': { account: '2220' },
  'tds-payable': { account: '2230' },
  'bad-debt': { account: '6700' },
  'payable-forgiven': { account: '7020' },
  expense: {
    account: '6900',
    keys: {
      purchases: '5020',
      goods: '5020',
      salary: '6010',
      salaries: '6010',
      wages: '6010',
      bonus: '6020',
      rent: '6100',
      electricity: '6110',
      utilities: '6110',
      internet: '6120',
      telephone: '6120',
      transport: '6200',
      delivery: '6200',
      travel: '6210',
      hospitality: '6220',
      office: '6300',
      repairs: '6310',
      maintenance: '6310',
      insurance: '6320',
      marketing: '6400',
      advertising: '6400',
      professional: '6500',
      licences: '6510',
      fees: '6510',
      'bank charges': '6600',
      interest: '8010',
      tax: '8020',
    },
  },
  'accrued-expenses': { account: '2130' },
  inventory: { account: '1400' },
  'goods-in-transit': { account: '2120' },
  'cost-of-goods': { account: '5010' },
  'stock-adjustment': { account: '5030' },
  'fx-gain': { account: '7030' },
  'fx-loss': { account: '8030' },
  rounding: { account: '8040' },
  'opening-balance': { account: '3900' },
  'retained-earnings': { account: '3200' },
}
