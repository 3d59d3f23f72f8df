/**
 * What the inputs of KPIs and the kinds of documents behind them are called. PURE. English; the page has them in Bengali
 * (api/dashboard/src/kpi-words-bn.ts). A test holds the names against the inputs of every KPI.
 */
export const INPUT_WORDS = {
  paidInvoices: 'Invoices paid in full',
  totalRevenue: 'Revenue collected',
  invoiced: 'Invoiced, without VAT',
  invoices: 'Number of invoices',
  netRevenue: 'Net revenue',
  previousNetRevenue: 'Net revenue of the period before',
  sales: 'Sales, with VAT',
  approvedExpenses: 'Approved expenses',
  totalExpenses: 'Expenses',
  previousTotalExpenses: 'Expenses of the period before',
  receipts: 'Receipts',
  openingReceivables: 'Receivables before the first day',
  closingReceivables: 'Receivables at the end',
  movement: 'Movement of the period',
  openingCustomers: 'Customers before the first day',
  closingCustomers: 'Customers at the end',
  notDue: 'Not due',
  overdue1To30: '1-30 days overdue',
  overdue31To60: '31-60 days overdue',
  overdue61To90: '61-90 days overdue',
  overdue91: 'More than 90 days overdue',
  days: 'Days',
  dso: 'Days sales outstanding',
  dio: 'Days of inventory',
  dpo: 'Days payables outstanding',
  ledgerRevenue: 'Net revenue of the ledger',
  costOfSales: 'Cost of sales',
  operatingIncome: 'Operating income',
  earnings: 'Earnings before interest, tax and depreciation',
  netIncome: 'Net income',
  interest: 'Interest',
  incomeTax: 'Income tax',
  depreciationAndAmortisation: 'Depreciation and amortisation',
  purchases: 'Purchases on credit',
  principalRepaid: 'Principal repaid',
  operatingCash: 'Operating cash flow',
  investingCash: 'Investing cash flow',
  financingCash: 'Financing cash flow',
  openingCash: 'Cash before the first day',
  closingCash: 'Cash at the end',
  quickAssets: 'Cash, securities and receivables',
  currentAssets: 'Current assets',
  openingAssets: 'Assets before the first day',
  closingAssets: 'Assets at the end',
  currentLiabilities: 'Current liabilities',
  debt: 'Debt',
  openingEquity: 'Equity before the first day',
  closingEquity: 'Equity at the end',
  ledgerReceivables: 'Receivables of the ledger',
  openingInventory: 'Inventory before the first day',
  closingInventory: 'Inventory at the end',
  openingPayables: 'Payables before the first day',
  closingPayables: 'Payables at the end',
} as const satisfies Readonly<Record<string, string>>
export type InputName = keyof typeof INPUT_WORDS

/** Kinds of rows of /v1/kpis/{name}/explain. */
export const KIND_WORDS = {
  invoice: 'invoice',
  invoice_cancelled: 'invoice cancelled',
  credit_note: 'credit note',
  credit_note_cancelled: 'credit note cancelled',
  payment: 'receipt',
  payment_reversed: 'receipt reversed',
  expense: 'expense',
  expense_cancelled: 'expense cancelled',
  open_invoice: 'open invoice',
  unapplied_payment: 'receipt not applied',
  unapplied_credit_note: 'credit note not applied',
  journal_line: 'journal line',
} as const satisfies Readonly<Record<string, string>>
export type KindName = keyof typeof KIND_WORDS

/** Why a KPI has no value, or one that says little. */
export const REASON_WORDS = {
  zero_denominator: 'The formula divides by a figure that is 0 here: see the inputs.',
  no_history: 'Nothing is booked up to this period that it could be figured from.',
  not_meaningful: 'The figure it is divided by is below zero, so the number says little.',
} as const satisfies Readonly<Record<string, string>>
export type ReasonName = keyof typeof REASON_WORDS

/** The word for a name, or the name itself where a newer server knows more than we do. */
export const wordOf = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? (words[name] ?? name) : name

const COUNTS: ReadonlySet<string> = new Set(['days', 'invoices', 'openingCustomers', 'closingCustomers'])
const DAYS: ReadonlySet<string> = new Set(['dso', 'dio', 'dpo'])

/** What an input is counted in; `currency` stands for the base currency. */
export const unitOfInput = (name: string): 'count' | 'days' | 'currency' =>
  COUNTS.has(name) ? 'count' : DAYS.has(name) ? 'days' : 'currency'
