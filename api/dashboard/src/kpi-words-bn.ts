/** What KPIs, their inputs and the documents behind them are called in Bengali; English is in schemas/rules. A missing word is a type error. */
import type { InputName, KindName, ReasonName } from '../../../schemas/rules/kpi-input-words.ts'
import type { KpiName, KpiWords } from '../../../schemas/rules/kpi-words.ts'

export const KPI_WORDS_BN: Readonly<Record<KpiName, KpiWords>> = {
  totalRevenue: {
    meaning: 'সময়কালের যে বিক্রয়ের টাকা পুরো আদায় হয়েছে, ভ্যাট ছাড়া।',
    formula: 'সময়কালের যে চালানে কিছু বকেয়া নেই, বাদ পুরো সমন্বিত ক্রেডিট নোট',
  },
  netRevenue: {
    meaning: 'সময়কালে যা বিক্রি হয়েছে, টাকা আদায় হোক বা না হোক, ভ্যাট ছাড়া।',
    formula: 'অনুমোদিত চালান, বাদ বাতিল চালান ও ক্রেডিট নোট',
  },
  totalExpenses: {
    meaning: 'সময়কালের অনুমোদিত ব্যয়, ভ্যাট ছাড়া।',
    formula: 'অনুমোদিত ব্যয়, বাদ বাতিল ব্যয়',
  },
  netProfit: {
    meaning: 'আদায়কৃত বিক্রয় থেকে ব্যয় বাদে যা থাকে।',
    formula: 'আদায়কৃত রাজস্ব - ব্যয়',
  },
  profitMargin: {
    meaning: 'আদায়কৃত রাজস্বের প্রতি ১০০-তে কত লাভ।',
    formula: '(আদায়কৃত রাজস্ব - ব্যয়) / আদায়কৃত রাজস্ব x ১০০',
  },
  netIncome: {
    meaning: 'খাতা অনুযায়ী সময়কালের লাভ: খরচ, সুদ ও করের পরে।',
    formula: 'সাধারণ খতিয়ানের আয় - ব্যয়; খতিয়ান না থাকলে: নিট রাজস্ব - ব্যয়',
  },
  netProfitMargin: {
    meaning: 'নিট রাজস্বের প্রতি ১০০-তে কত নিট আয় থাকে।',
    formula: 'নিট আয় / খতিয়ানের নিট রাজস্ব x ১০০; খতিয়ান না থাকলে: দলিল থেকে',
  },
  cashReceived: {
    meaning: 'সময়কালে গ্রাহকেরা যত টাকা দিয়েছেন।',
    formula: 'প্রাপ্তি, বাদ ফেরত ও ব্যর্থ প্রাপ্তি',
  },
  receivables: {
    meaning: 'সময়কালের শেষে গ্রাহকদের কাছে পাওনা, আগাম প্রাপ্তি বাদে।',
    formula: 'প্রথম দিনের আগের পাওনা + সময়কালের পরিবর্তন',
  },
  dso: {
    meaning: 'কত দিনের বিক্রয়ের টাকা এখনও পাওনা: গ্রাহকেরা কত দিনে টাকা দেন।',
    formula: '(প্রথম দিনের আগের পাওনা + শেষের পাওনা) / ২ / বিক্রয় x দিন',
  },
  receivablesTurnover: {
    meaning: 'বছরে কতবার পাওনা আদায় হয়।',
    formula: '৩৬৫ / পাওনা আদায়ে গড় দিন',
  },
  revenueGrowthRate: {
    meaning: 'আগের সময়কালের তুলনায় নিট রাজস্ব কত বেড়েছে।',
    formula: '(নিট রাজস্ব - আগের সময়কালের নিট রাজস্ব) / আগের সময়কালের নিট রাজস্ব x ১০০',
  },
  expenseGrowthRate: {
    meaning: 'আগের সময়কালের তুলনায় ব্যয় কত বেড়েছে।',
    formula: '(ব্যয় - আগের সময়কালের ব্যয়) / আগের সময়কালের ব্যয় x ১০০',
  },
  averageTransactionValue: {
    meaning: 'সময়কালের একটি চালান গড়ে কত টাকার, ভ্যাট ছাড়া।',
    formula: 'নিট রাজস্ব / চালানের সংখ্যা',
  },
  customerGrowthRate: {
    meaning: 'সময়কালে গ্রাহকের সংখ্যা কত বেড়েছে।',
    formula: '(শেষের গ্রাহক - প্রথম দিনের আগের গ্রাহক) / প্রথম দিনের আগের গ্রাহক x ১০০',
  },
  creditRisk: {
    meaning: 'পাওনা কত দেরিতে আছে: ০ = কিছুই মেয়াদোত্তীর্ণ নয়, ১০০ = সবই ৯০ দিনের বেশি দেরিতে।',
    formula: '(২৫ x ১-৩০ দিন + ৫০ x ৩১-৬০ + ৭৫ x ৬১-৯০ + ১০০ x ৯০ দিনের বেশি) / মোট বকেয়া',
  },
  cashPosition: {
    meaning: 'সময়কালের শেষে হাতে, ব্যাংকে ও মোবাইল হিসাবে থাকা টাকা।',
    formula: 'প্রথম দিনের আগের নগদ + পরিচালন, বিনিয়োগ ও অর্থায়ন নগদ প্রবাহ',
  },
  currentRatio: {
    meaning: 'এক বছরে পরিশোধযোগ্য দায়ের কত গুণ চলতি সম্পদ আছে।',
    formula: 'চলতি সম্পদ / চলতি দায়',
  },
  quickRatio: {
    meaning: 'মজুদ বাদে, নগদ ও পাওনা এক বছরের দায়ের কত গুণ।',
    formula: '(নগদ + বিক্রয়যোগ্য সিকিউরিটি + পাওনা) / চলতি দায়',
  },
  workingCapitalRatio: {
    meaning: 'চলতি অনুপাতের অন্য নাম।',
    formula: 'চলতি সম্পদ / চলতি দায়',
  },
  debtToEquity: {
    meaning: 'মালিকদের প্রতি টাকার বিপরীতে কত টাকা ঋণ।',
    formula: 'ঋণ / মালিকানা স্বত্ব',
  },
  returnOnAssets: {
    meaning: 'সম্পদ থেকে বছরে কত আয় হয়।',
    formula: 'নিট আয় x ৩৬৫ / দিন / গড় সম্পদ x ১০০',
  },
  returnOnEquity: {
    meaning: 'মালিকদের টাকায় বছরে কত আয় হয়।',
    formula: 'নিট আয় x ৩৬৫ / দিন / গড় মালিকানা স্বত্ব x ১০০',
  },
  assetTurnover: {
    meaning: 'প্রতি টাকার সম্পদে বছরে কত বিক্রি হয়।',
    formula: 'নিট রাজস্ব x ৩৬৫ / দিন / গড় সম্পদ',
  },
  payables: {
    meaning: 'খাতা অনুযায়ী সময়কালের শেষে সরবরাহকারীদের কাছে দেনা।',
    formula: 'দেনা হিসাবগুলোর স্থিতি',
  },
  dpo: {
    meaning: 'কত দিনের ক্রয়ের টাকা এখনও দেনা: সরবরাহকারীরা কত দিন অপেক্ষা করেন।',
    formula: '(প্রথম দিনের আগের দেনা + শেষের দেনা) / ২ / ক্রয় x দিন; বাকিতে ক্রয় না থাকলে: বিক্রীত পণ্যের ব্যয়',
  },
  payablesTurnover: {
    meaning: 'বছরে কতবার দেনা পরিশোধ হয়।',
    formula: '৩৬৫ / দেনা পরিশোধে গড় দিন',
  },
  inventory: {
    meaning: 'খাতা অনুযায়ী সময়কালের শেষে মজুদের মূল্য।',
    formula: 'মজুদ হিসাবগুলোর স্থিতি',
  },
  dio: {
    meaning: 'মজুদ কত দিন চলে: পণ্য বিক্রির আগে কত দিন পড়ে থাকে।',
    formula: '(প্রথম দিনের আগের মজুদ + শেষের মজুদ) / ২ / বিক্রীত পণ্যের ব্যয় x দিন',
  },
  inventoryTurnover: {
    meaning: 'বছরে কতবার মজুদ বিক্রি হয়।',
    formula: 'বিক্রীত পণ্যের ব্যয় x ৩৬৫ / দিন / গড় মজুদ',
  },
  cashConversionCycle: {
    meaning: 'সরবরাহকারীকে টাকা দেওয়া থেকে গ্রাহকের টাকা পাওয়া পর্যন্ত কত দিন টাকা আটকে থাকে।',
    formula: 'পাওনা আদায়ে গড় দিন + মজুদের দিন - দেনা পরিশোধে গড় দিন',
  },
  grossProfitMargin: {
    meaning: 'নিট রাজস্বের প্রতি ১০০-তে বিক্রীত পণ্যের ব্যয় বাদে কত থাকে।',
    formula: '(নিট রাজস্ব - বিক্রীত পণ্যের ব্যয়) / নিট রাজস্ব x ১০০',
  },
  operatingProfitMargin: {
    meaning: 'নিট রাজস্বের প্রতি ১০০-তে সুদ ও আয়করের আগে কত থাকে।',
    formula: 'পরিচালন আয় / নিট রাজস্ব x ১০০',
  },
  ebitda: {
    meaning: 'সুদ, আয়কর, অবচয় ও অবলোপনের আগের লাভ।',
    formula: 'নিট আয় + সুদ + আয়কর + অবচয় ও অবলোপন',
  },
  interestCoverage: {
    meaning: 'পরিচালন আয় সুদের কত গুণ।',
    formula: 'পরিচালন আয় / সুদ',
  },
  debtServiceCoverage: {
    meaning: 'আয় সুদ ও ঋণের কিস্তির কত গুণ।',
    formula: '(সুদ, কর ও অবচয়ের আগের আয় - আয়কর) / (সুদ + পরিশোধিত আসল)',
  },
  operatingCashFlow: {
    meaning: 'ব্যবসা নিজে সময়কালে যত টাকা এনেছে বা খরচ করেছে।',
    formula: 'পরিচালন কার্যক্রমের নগদ দাখিলা',
  },
  investingCashFlow: {
    meaning: 'যন্ত্র, ভবন ও অন্য স্থায়ী সম্পদে যে টাকা গেছে বা এসেছে।',
    formula: 'বিনিয়োগ কার্যক্রমের নগদ দাখিলা',
  },
  financingCashFlow: {
    meaning: 'মালিক ও ঋণদাতাদের সাথে টাকার লেনদেন।',
    formula: 'অর্থায়ন কার্যক্রমের নগদ দাখিলা',
  },
  netCashFlow: {
    meaning: 'সময়কালে নগদ কত বদলেছে।',
    formula: 'পরিচালন + বিনিয়োগ + অর্থায়ন নগদ প্রবাহ',
  },
  operatingCashFlowRatio: {
    meaning: 'এক বছরের পরিচালন নগদ প্রবাহ চলতি দায়ের কত গুণ।',
    formula: 'পরিচালন নগদ প্রবাহ x ৩৬৫ / দিন / চলতি দায়',
  },
  tradeWorkingCapital: {
    meaning: 'গ্রাহক ও সরবরাহকারীর মাঝে আটকে থাকা টাকা।',
    formula: 'পাওনা - দেনা',
  },
  operatingWorkingCapital: {
    meaning: 'গ্রাহক, মজুদ ও সরবরাহকারীর মাঝে আটকে থাকা টাকা।',
    formula: 'পাওনা + মজুদ - দেনা',
  },
  netWorkingCapital: {
    meaning: 'এক বছরের সব দায় মেটালে চলতি সম্পদের যা থাকে।',
    formula: 'চলতি সম্পদ - চলতি দায়',
  },
}

export const INPUT_WORDS_BN: Readonly<Record<InputName, string>> = {
  paidInvoices: 'পুরো আদায় হওয়া চালান',
  totalRevenue: 'আদায়কৃত রাজস্ব',
  invoiced: 'চালান, ভ্যাট ছাড়া',
  invoices: 'চালানের সংখ্যা',
  netRevenue: 'নিট রাজস্ব',
  previousNetRevenue: 'আগের সময়কালের নিট রাজস্ব',
  sales: 'বিক্রয়, ভ্যাটসহ',
  approvedExpenses: 'অনুমোদিত ব্যয়',
  totalExpenses: 'ব্যয়',
  previousTotalExpenses: 'আগের সময়কালের ব্যয়',
  receipts: 'প্রাপ্তি',
  openingReceivables: 'প্রথম দিনের আগের পাওনা',
  closingReceivables: 'শেষের পাওনা',
  movement: 'সময়কালের পরিবর্তন',
  openingCustomers: 'প্রথম দিনের আগের গ্রাহক',
  closingCustomers: 'শেষের গ্রাহক',
  notDue: 'মেয়াদ আছে',
  overdue1To30: '১-৩০ দিন দেরি',
  overdue31To60: '৩১-৬০ দিন দেরি',
  overdue61To90: '৬১-৯০ দিন দেরি',
  overdue91: '৯০ দিনের বেশি দেরি',
  days: 'দিন',
  dso: 'পাওনা আদায়ে গড় দিন',
  dio: 'মজুদের দিন',
  dpo: 'দেনা পরিশোধে গড় দিন',
  ledgerRevenue: 'খতিয়ানের নিট রাজস্ব',
  costOfSales: 'বিক্রীত পণ্যের ব্যয়',
  operatingIncome: 'পরিচালন আয়',
  earnings: 'সুদ, কর ও অবচয়ের আগের আয়',
  netIncome: 'নিট আয়',
  interest: 'সুদ',
  incomeTax: 'আয়কর',
  depreciationAndAmortisation: 'অবচয় ও অবলোপন',
  purchases: 'বাকিতে ক্রয়',
  principalRepaid: 'পরিশোধিত আসল',
  operatingCash: 'পরিচালন নগদ প্রবাহ',
  investingCash: 'বিনিয়োগ নগদ প্রবাহ',
  financingCash: 'অর্থায়ন নগদ প্রবাহ',
  openingCash: 'প্রথম দিনের আগের নগদ',
  closingCash: 'শেষের নগদ',
  quickAssets: 'নগদ, সিকিউরিটি ও পাওনা',
  currentAssets: 'চলতি সম্পদ',
  openingAssets: 'প্রথম দিনের আগের সম্পদ',
  closingAssets: 'শেষের সম্পদ',
  currentLiabilities: 'চলতি দায়',
  debt: 'ঋণ',
  openingEquity: 'প্রথম দিনের আগের মালিকানা স্বত্ব',
  closingEquity: 'শেষের মালিকানা স্বত্ব',
  ledgerReceivables: 'খতিয়ানের পাওনা',
  openingInventory: 'প্রথম দিনের আগের মজুদ',
  closingInventory: 'শেষের মজুদ',
  openingPayables: 'প্রথম দিনের আগের দেনা',
  closingPayables: 'শেষের দেনা',
}

export const KIND_WORDS_BN: Readonly<Record<KindName, string>> = {
  invoice: 'চালান',
  invoice_cancelled: 'বাতিল চালান',
  credit_note: 'ক্রেডিট নোট',
  credit_note_cancelled: 'বাতিল ক্রেডিট নোট',
  payment: 'প্রাপ্তি',
  payment_reversed: 'ফেরত প্রাপ্তি',
  expense: 'ব্যয়',
  expense_cancelled: 'বাতিল ব্যয়',
  open_invoice: 'বকেয়া চালান',
  unapplied_payment: 'অসমন্বিত প্রাপ্তি',
  unapplied_credit_note: 'অসমন্বিত ক্রেডিট নোট',
  journal_line: 'জাবেদা লাইন',
}

export const REASON_WORDS_BN: Readonly<Record<ReasonName, string>> = {
  zero_denominator: 'সূত্রে যা দিয়ে ভাগ করা হয় তা এখানে শূন্য: উপাদানগুলো দেখুন।',
  no_history: 'এই সময় পর্যন্ত হিসাব করার মতো কিছু খাতায় নেই।',
  not_meaningful: 'যা দিয়ে ভাগ করা হয় তা শূন্যের নিচে, তাই সংখ্যাটি তেমন কিছু বলে না।',
}
