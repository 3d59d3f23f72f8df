/**
 * What each KPI means and how it is figured, in words that a finance person reads. PURE. English; the page has them in
 * Bengali (api/dashboard/src/kpi-words-bn.ts). The exact rule with its edge cases is in kpis/; a test holds the names here
 * against those there. Used by /v1/kpis/{name}/explain, `nikash explain`, docs/kpis.md and the page.
 */
export interface KpiWords {
  /** One sentence. */
  readonly meaning: string
  /** In the words of kpi-input-words.ts. */
  readonly formula: string
}

export const KPI_WORDS = {
  totalRevenue: {
    meaning: 'Sales of the period that are paid in full, without VAT.',
    formula: 'invoices of the period with nothing open, less credit notes that are wholly applied',
  },
  netRevenue: {
    meaning: 'What was sold in the period, paid or not, without VAT.',
    formula: 'approved invoices, less cancellations and credit notes',
  },
  totalExpenses: {
    meaning: 'What the approved expenses of the period cost, without VAT.',
    formula: 'approved expenses, less cancelled ones',
  },
  netProfit: {
    meaning: 'What is left of the sales that are paid after the expenses.',
    formula: 'revenue collected - expenses',
  },
  profitMargin: {
    meaning: 'How much of each 100 of revenue collected is profit.',
    formula: '(revenue collected - expenses) / revenue collected x 100',
  },
  netIncome: {
    meaning: 'Profit of the period by the books, after cost, interest and tax.',
    formula: 'income - expenses of the general ledger; without a ledger: net revenue - expenses',
  },
  netProfitMargin: {
    meaning: 'How much of each 100 of net revenue is left as net income.',
    formula: 'net income / net revenue of the ledger x 100; without a ledger: from documents',
  },
  cashReceived: {
    meaning: 'Money that customers paid in the period.',
    formula: 'receipts, less reversed and failed ones',
  },
  receivables: {
    meaning: 'What customers owe at the end of the period, less what they paid in advance.',
    formula: 'receivables before the first day + movement of the period',
  },
  dso: {
    meaning: 'How many days of sales are still owed: how long customers take to pay.',
    formula: '(receivables before the first day + at the end) / 2 / sales x days',
  },
  receivablesTurnover: {
    meaning: 'How many times a year the receivables are collected.',
    formula: '365 / days sales outstanding',
  },
  revenueGrowthRate: {
    meaning: 'How much net revenue grew against the period before.',
    formula: '(net revenue - net revenue of the period before) / net revenue of the period before x 100',
  },
  expenseGrowthRate: {
    meaning: 'How much expenses grew against the period before.',
    formula: '(expenses - expenses of the period before) / expenses of the period before x 100',
  },
  averageTransactionValue: {
    meaning: 'How large an invoice of the period is on average, without VAT.',
    formula: 'net revenue / number of invoices',
  },
  customerGrowthRate: {
    meaning: 'How much the number of customers grew in the period.',
    formula: '(customers at the end - customers before the first day) / customers before the first day x 100',
  },
  creditRisk: {
    meaning: 'How late the open receivables are: 0 = nothing is due, 100 = all is more than 90 days late.',
    formula:
      '(25 x overdue 1-30 days + 50 x 31-60 + 75 x 61-90 + 100 x more than 90) / everything that is open',
  },
  cashPosition: {
    meaning: 'Money on hand, in banks and in mobile accounts at the end of the period.',
    formula: 'cash before the first day + operating, investing and financing cash flow',
  },
  currentRatio: {
    meaning: 'How many times the current assets cover what is due within a year.',
    formula: 'current assets / current liabilities',
  },
  quickRatio: {
    meaning: 'How many times money and receivables, without stock, cover what is due within a year.',
    formula: '(cash + marketable securities + receivables) / current liabilities',
  },
  workingCapitalRatio: {
    meaning: 'The current ratio under its other name.',
    formula: 'current assets / current liabilities',
  },
  debtToEquity: {
    meaning: 'How many taka are borrowed for each taka of the owners.',
    formula: 'debt / equity',
  },
  returnOnAssets: {
    meaning: 'How much the assets earn in a year.',
    formula: 'net income x 365 / days / average assets x 100',
  },
  returnOnEquity: {
    meaning: "How much the owners' money earns in a year.",
    formula: 'net income x 365 / days / average equity x 100',
  },
  assetTurnover: {
    meaning: 'How much a year sells with each taka of assets.',
    formula: 'net revenue x 365 / days / average assets',
  },
  payables: {
    meaning: 'What is owed to vendors at the end of the period, by the books.',
    formula: 'balance of the payables accounts',
  },
  dpo: {
    meaning: 'How many days of purchases are still owed: how long vendors wait for their money.',
    formula:
      '(payables before the first day + at the end) / 2 / purchases x days; without purchases on credit: cost of sales',
  },
  payablesTurnover: {
    meaning: 'How many times a year the payables are paid.',
    formula: '365 / days payables outstanding',
  },
  inventory: {
    meaning: 'What the stock is worth at the end of the period, by the books.',
    formula: 'balance of the inventory accounts',
  },
  dio: {
    meaning: 'How many days the stock lasts: how long goods lie before they are sold.',
    formula: '(inventory before the first day + at the end) / 2 / cost of sales x days',
  },
  inventoryTurnover: {
    meaning: 'How many times a year the stock is sold.',
    formula: 'cost of sales x 365 / days / average inventory',
  },
  cashConversionCycle: {
    meaning: 'How many days money is tied up, from paying a vendor to being paid by a customer.',
    formula: 'days sales outstanding + days of inventory - days payables outstanding',
  },
  grossProfitMargin: {
    meaning: 'How much of each 100 of net revenue is left after the cost of what was sold.',
    formula: '(net revenue - cost of sales) / net revenue x 100',
  },
  operatingProfitMargin: {
    meaning: 'How much of each 100 of net revenue is left before interest and income tax.',
    formula: 'operating income / net revenue x 100',
  },
  ebitda: {
    meaning: 'Profit before interest, income tax, depreciation and amortisation.',
    formula: 'net income + interest + income tax + depreciation and amortisation',
  },
  interestCoverage: {
    meaning: 'How many times the operating income pays the interest.',
    formula: 'operating income / interest',
  },
  debtServiceCoverage: {
    meaning: 'How many times the earnings pay interest and repayments of loans.',
    formula:
      '(earnings before interest, tax and depreciation - income tax) / (interest + principal that was repaid)',
  },
  operatingCashFlow: {
    meaning: 'Money that the business itself brought in or used up in the period.',
    formula: 'cash entries of operating activity',
  },
  investingCashFlow: {
    meaning: 'Money that went into machines, buildings and other lasting things, or came out of them.',
    formula: 'cash entries of investing activity',
  },
  financingCashFlow: {
    meaning: 'Money from and to owners and lenders.',
    formula: 'cash entries of financing activity',
  },
  netCashFlow: {
    meaning: 'By how much cash changed in the period.',
    formula: 'operating + investing + financing cash flow',
  },
  operatingCashFlowRatio: {
    meaning: 'How many times a year of operating cash flow pays what is due within a year.',
    formula: 'operating cash flow x 365 / days / current liabilities',
  },
  tradeWorkingCapital: {
    meaning: 'Money that is tied up between customers and vendors.',
    formula: 'receivables - payables',
  },
  operatingWorkingCapital: {
    meaning: 'Money that is tied up between customers, stock and vendors.',
    formula: 'receivables + inventory - payables',
  },
  netWorkingCapital: {
    meaning: 'What is left of the current assets when everything due within a year is paid.',
    formula: 'current assets - current liabilities',
  },
} as const satisfies Readonly<Record<string, KpiWords>>

export type KpiName = keyof typeof KPI_WORDS

export const wordsOfKpi = (name: string): KpiWords | undefined =>
  Object.hasOwn(KPI_WORDS, name) ? KPI_WORDS[name as KpiName] : undefined
