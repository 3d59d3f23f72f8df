/**
 * Where an account stands in the statements: by its class and subtype, as the chart of accounts names them. Data and two
 * look-ups. PURE.
 * K1: an account has one place. A subtype that its class does not know stands where most of its class do.
 * K2: an account without a class of the five has no place: it is shown apart, and the balance sheet says that it does not
 *     balance.
 * K3: activity of the cash flow: what the account itself states (OPERATING, INVESTING, FINANCING, CASH); where it states
 *     nothing, or NONE, its subtype decides. NONE says that an account is not usually moved by cash: when cash moves it all
 *     the same, the amount must stand somewhere.
 * Source of the order: IAS 1 (current and non-current) and IAS 7 (operating, investing, financing; interest paid and
 * dividends are financing here, as in the default chart).
 */
export type Side = 'assets' | 'liabilities' | 'equity' | 'income' | 'expenses'
export type Activity = 'operating' | 'investing' | 'financing'
export const ACTIVITIES: readonly Activity[] = ['operating', 'investing', 'financing']

export interface Title {
  readonly title: string
  readonly titleBn: string
}

export interface SectionKind extends Title {
  readonly key: string
  readonly side: Side
}

const section = (key: string, side: Side, title: string, titleBn: string): SectionKind => ({
  key,
  side,
  title,
  titleBn,
})

/** In the order of the statement. */
export const BALANCE_SECTIONS: readonly SectionKind[] = [
  section('currentAssets', 'assets', 'Current assets', 'চলতি সম্পদ'),
  section('nonCurrentAssets', 'assets', 'Non-current assets', 'অচলতি সম্পদ'),
  section('currentLiabilities', 'liabilities', 'Current liabilities', 'চলতি দায়'),
  section('nonCurrentLiabilities', 'liabilities', 'Non-current liabilities', 'দীর্ঘমেয়াদি দায়'),
  section('equity', 'equity', 'Equity', 'মালিকানা স্বত্ব'),
]

export const RESULT_SECTIONS: readonly SectionKind[] = [
  section('revenue', 'income', 'Revenue', 'রাজস্ব'),
  section('deductions', 'income', 'Returns and discounts', 'ফেরত ও বাট্টা'),
  section('costOfSales', 'expenses', 'Cost of sales', 'বিক্রয় ব্যয়'),
  section('operatingExpenses', 'expenses', 'Operating expenses', 'পরিচালন ব্যয়'),
  section('depreciation', 'expenses', 'Depreciation and amortisation', 'অবচয় ও অবলোপন'),
  section('otherIncome', 'income', 'Other income', 'অন্যান্য আয়'),
  section('otherExpenses', 'expenses', 'Other expenses', 'অন্যান্য ব্যয়'),
  section('interest', 'expenses', 'Interest', 'সুদ'),
  section('incomeTax', 'expenses', 'Income tax', 'আয়কর'),
]

export interface Kind extends Title {
  readonly accountClass: string
  readonly subtype: string
  readonly section: string
  /** K3. */
  readonly activity: Activity | 'cash'
}

const kinds =
  (accountClass: string, placed: string, usual: Activity | 'cash') =>
  (subtype: string, title: string, titleBn: string, activity: Activity | 'cash' = usual): Kind => ({
    accountClass,
    subtype,
    section: placed,
    activity,
    title,
    titleBn,
  })

const current = kinds('ASSET', 'currentAssets', 'operating')
const fixed = kinds('ASSET', 'nonCurrentAssets', 'investing')
const owed = kinds('LIABILITY', 'currentLiabilities', 'operating')
const owedLater = kinds('LIABILITY', 'nonCurrentLiabilities', 'operating')
const owners = kinds('EQUITY', 'equity', 'financing')
const result = (accountClass: string, placed: string) => kinds(accountClass, placed, 'operating')

/** In the order of the statements. */
export const KINDS: readonly Kind[] = [
  current('CASH', 'Cash in hand', 'হাতে নগদ', 'cash'),
  current('BANK', 'Bank', 'ব্যাংক', 'cash'),
  current('MFS', 'Mobile financial services', 'মোবাইল আর্থিক সেবা', 'cash'),
  current('MARKETABLE_SECURITIES', 'Marketable securities', 'বাজারজাত সিকিউরিটিজ', 'investing'),
  current('RECEIVABLE', 'Trade receivables', 'প্রাপ্য হিসাব'),
  current('ALLOWANCE', 'Allowance for doubtful debts', 'সন্দেহজনক পাওনার সঞ্চিতি'),
  current('TAX_RECEIVABLE', 'Taxes receivable', 'প্রাপ্য কর'),
  current('INVENTORY', 'Inventory', 'মজুদ পণ্য'),
  current('OTHER_CURRENT_ASSET', 'Other current assets', 'অন্যান্য চলতি সম্পদ'),
  fixed('FIXED_ASSET', 'Fixed assets', 'স্থায়ী সম্পদ'),
  fixed('ACCUMULATED_DEPRECIATION', 'Accumulated depreciation', 'পুঞ্জীভূত অবচয়'),
  fixed('OTHER_ASSET', 'Other assets', 'অন্যান্য সম্পদ'),
  owed('PAYABLE', 'Trade payables', 'প্রদেয় হিসাব'),
  owed('TAX_PAYABLE', 'Taxes payable', 'প্রদেয় কর'),
  owed('OTHER_CURRENT_LIABILITY', 'Other current liabilities', 'অন্যান্য চলতি দায়'),
  owed('SHORT_TERM_DEBT', 'Short-term debt', 'স্বল্পমেয়াদি ঋণ', 'financing'),
  owed(
    'CURRENT_PART_OF_LONG_TERM_DEBT',
    'Current part of long-term debt',
    'দীর্ঘমেয়াদি ঋণের চলতি অংশ',
    'financing',
  ),
  owedLater('LONG_TERM_DEBT', 'Long-term debt', 'দীর্ঘমেয়াদি ঋণ', 'financing'),
  owedLater('OTHER_LIABILITY', 'Other liabilities', 'অন্যান্য দায়'),
  owners('EQUITY', 'Capital', 'মূলধন'),
  owners('RETAINED_EARNINGS', 'Retained earnings', 'সংরক্ষিত আয়'),
  result('INCOME', 'revenue')('REVENUE', 'Sales', 'বিক্রয়'),
  result('INCOME', 'deductions')('RETURNS', 'Sales returns', 'বিক্রয় ফেরত'),
  result('INCOME', 'deductions')('DISCOUNT', 'Discounts allowed', 'প্রদত্ত বাট্টা'),
  result('EXPENSE', 'costOfSales')('COGS', 'Cost of sales', 'বিক্রয় ব্যয়'),
  result('EXPENSE', 'operatingExpenses')('OPERATING_EXPENSE', 'Operating expenses', 'পরিচালন ব্যয়'),
  result('EXPENSE', 'depreciation')('DEPRECIATION', 'Depreciation', 'অবচয়'),
  result('EXPENSE', 'depreciation')('AMORTISATION', 'Amortisation', 'অবলোপন'),
  result('INCOME', 'otherIncome')('OTHER_INCOME', 'Other income', 'অন্যান্য আয়'),
  result('EXPENSE', 'otherExpenses')('OTHER_EXPENSE', 'Other expenses', 'অন্যান্য ব্যয়'),
  result('EXPENSE', 'interest')('INTEREST_EXPENSE', 'Interest paid', 'প্রদত্ত সুদ', 'financing'),
  result('EXPENSE', 'incomeTax')('INCOME_TAX', 'Income tax', 'আয়কর'),
]

/** K1: where a subtype is unknown. */
const USUAL: Readonly<Record<string, string>> = {
  ASSET: 'OTHER_CURRENT_ASSET',
  LIABILITY: 'OTHER_CURRENT_LIABILITY',
  EQUITY: 'EQUITY',
  INCOME: 'REVENUE',
  EXPENSE: 'OPERATING_EXPENSE',
}

const BY_NAME: ReadonlyMap<string, Kind> = new Map(
  KINDS.map((kind) => [`${kind.accountClass} ${kind.subtype}`, kind]),
)

/** K1, K2. */
export const kindOf = (accountClass: string, subtype: string): Kind | undefined =>
  BY_NAME.get(`${accountClass} ${subtype}`) ?? BY_NAME.get(`${accountClass} ${USUAL[accountClass]}`)

const STATED: Readonly<Record<string, Activity | 'cash'>> = {
  OPERATING: 'operating',
  INVESTING: 'investing',
  FINANCING: 'financing',
  CASH: 'cash',
}

/** K3. */
export const activityOf = (account: {
  readonly accountClass: string
  readonly subtype: string
  readonly cashFlow: string
}): Activity | 'cash' =>
  STATED[account.cashFlow] ?? kindOf(account.accountClass, account.subtype)?.activity ?? 'operating'
