/** The general ledger and the chart of accounts (V1 of views.ts; balances as ledger.ts says). */
import { NOT_REFUSED, type Scope, TODAY } from './as-of.ts'
import { accountsOf, balanceOf, EVER, ledgerLinesOf, POSTED } from './ledger.ts'
import {
  alias,
  CODE,
  column,
  type Column,
  DAY,
  INSTANT,
  last,
  LINE,
  lineage,
  maybe,
  MAYBE_DAY,
  newest,
  now,
  RATE,
  said,
  saidBy,
  SUM,
  TENANT,
  TEXT,
  type View,
} from './view-definition.ts'

const ENTRY = `event_type IN ('JournalEntryCreated', 'JournalEntryPosted')`
const KINDS = 'MANUAL, DOCUMENT (posts an event), REVERSAL, OPENING or CLOSING'

const entries: View = {
  name: 'fct_journal_entries',
  doc: 'Journal entries as they stand, drafts too; their lines once they are posted: fct_journal_lines.',
  columns: [
    TENANT,
    column('journal_id', TEXT, 'Journal entry', 'aggregate_id'),
    column(
      'journal_number',
      TEXT,
      'Human number; of an automatic entry that of the document',
      last('document_number', ENTRY),
    ),
    column('entry_date', DAY, 'Posting date', last('posting_date', ENTRY)),
    column('fiscal_year', CODE, 'Fiscal year of the entry date', last('fiscal_year', ENTRY)),
    column('kind', CODE, KINDS, last('kind', ENTRY)),
    column('description', TEXT, 'What it is for', last('description', ENTRY)),
    column('currency', CODE, 'Currency of the amounts of its lines', last('currency', ENTRY)),
    column('fx_rate', RATE, 'Base currency units for one unit', last('fx_rate', ENTRY)),
    column('total', LINE, 'Sum of the debits, base currency', last('amount', ENTRY)),
    column('line_count', 'UInt32', 'Number of lines', `toUInt32(length(${last('line_debits', ENTRY)}))`),
    column(
      'source_type',
      CODE,
      'Kind of the document that it posts; empty = none',
      last('source_type', ENTRY),
    ),
    column('source_id', TEXT, 'Id of that document', last('source_id', ENTRY)),
    column('source_version', 'Int64', 'Version of that document; 0 = none', last('source_version', ENTRY)),
    column('reverses_id', TEXT, 'Entry that it reverses; empty = none', last('reverses_id', ENTRY)),
    column(
      'reversed_by_id',
      TEXT,
      'Entry that reverses it; empty = none',
      last('reversed_by_id', `event_type = 'JournalEntryReversed'`),
    ),
    column(
      'reversed_on',
      MAYBE_DAY,
      'Entry date of the reversal; null = not reversed',
      maybe('effective_date', `event_type = 'JournalEntryReversed'`),
    ),
    column(
      'status',
      CODE,
      'DRAFT (not in the ledger), POSTED or REVERSED',
      `multiIf(countIf(event_type = 'JournalEntryPosted') = 0, 'DRAFT', countIf(event_type = 'JournalEntryReversed') > 0, 'REVERSED', 'POSTED')`,
    ),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'journal-entry' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${ENTRY}) > 0`,
}

const lines: View = {
  name: 'fct_journal_lines',
  doc: 'The general ledger: one row per line of a posted journal entry. Debits and credits of an entry are equal.',
  columns: [
    TENANT,
    column('journal_id', TEXT, 'Journal entry', 'aggregate_id'),
    column('line_number', 'UInt32', 'Number of the line in its entry, from 1', 'line'),
    column(
      'journal_number',
      TEXT,
      'Human number; of an automatic entry that of the document',
      'document_number',
    ),
    column('entry_date', DAY, 'Posting date', 'posting_date'),
    column('fiscal_year', CODE, 'Fiscal year of the entry date'),
    column('kind', CODE, KINDS),
    column('description', TEXT, 'What the entry is for'),
    column('account_id', TEXT, 'Account', 'line_account'),
    column('account_code', CODE, 'Its code at the time', 'line_code'),
    column('account_name', CODE, 'Its name at the time', 'line_name'),
    column(
      'account_class',
      CODE,
      'Its class at the time: ASSET, LIABILITY, EQUITY, INCOME or EXPENSE',
      'line_class',
    ),
    column('account_subtype', CODE, 'Its subtype at the time', 'line_subtype'),
    column(
      'cash_flow',
      CODE,
      'Its activity at the time: CASH, OPERATING, INVESTING, FINANCING or NONE; empty = not stated',
      'line_cash_flow',
    ),
    column('debit', LINE, 'Debit, base currency', 'line_debit'),
    column('credit', LINE, 'Credit, base currency', 'line_credit'),
    column(
      'balance_change',
      SUM,
      'What the line does to the balance of its account: debit - credit for ASSET and EXPENSE, else credit - debit',
      balanceOf('line_class', 'toDecimal128(line_debit, 4)', 'toDecimal128(line_credit, 4)'),
    ),
    column('amount', LINE, 'The same in the currency of the entry, without sign', 'line_amount'),
    column('currency', CODE, 'Currency of the amount'),
    column('fx_rate', RATE, 'Base currency units for one unit'),
    column('party_type', CODE, 'customer or vendor; empty = none', 'line_party_type'),
    column('party_id', TEXT, 'Customer or vendor; empty = none', 'line_party'),
    column('product_id', TEXT, 'Product; empty = none', 'line_product'),
    column('tax_code', CODE, 'Tax code; empty = none', 'line_tax'),
    column('department', CODE, 'Department; empty = none', 'line_department'),
    column('memo', TEXT, 'What the line is for', 'line_memo'),
    column('source_type', CODE, 'Kind of the document that the entry posts; empty = none'),
    column('source_id', TEXT, 'Id of that document'),
    column('source_version', 'Int64', 'Version of that document; 0 = none'),
    column('reverses_id', TEXT, 'Entry that the entry reverses; empty = none'),
    column('event_id', TEXT, 'Event that posted it'),
    column('posted_at', INSTANT, 'When the broker appended it', 'appended_at'),
    ...lineage,
  ],
  from: `finance.event_log AS log
ARRAY JOIN line_account_ids AS line_account, line_account_codes AS line_code, line_account_names AS line_name,
  line_account_classes AS line_class, line_account_subtypes AS line_subtype, line_debits AS line_debit,
  line_credits AS line_credit, line_amounts AS line_amount, line_party_types AS line_party_type,
  line_party_ids AS line_party, line_product_ids AS line_product, line_tax_codes AS line_tax,
  line_departments AS line_department, line_memos AS line_memo, arrayEnumerate(line_account_ids) AS line,
  arrayResize(line_cash_flows, length(line_account_ids)) AS line_cash_flow
WHERE ${POSTED} AND ${NOT_REFUSED}`,
}

const CHARTED = `event_type != 'AccountDeactivated'`

const accounts: View = {
  name: 'dim_accounts',
  doc: 'The chart of accounts as it is now.',
  columns: [
    TENANT,
    column('account_id', TEXT, 'Account', 'aggregate_id'),
    column('account_code', TEXT, 'Code', last('document_number', CHARTED)),
    column('account_name', TEXT, 'Name', last('name', CHARTED)),
    column('name_bn', TEXT, 'Name in Bengali; empty = none', said('nameBn')),
    column(
      'account_type',
      CODE,
      'Class: ASSET, LIABILITY, EQUITY, INCOME or EXPENSE',
      last('account_class', CHARTED),
    ),
    column('account_subtype', CODE, 'Finer kind within the class', last('account_subtype', CHARTED)),
    column('cash_flow', CODE, 'OPERATING, INVESTING, FINANCING, CASH or NONE', said('cashFlow')),
    column('parent_id', TEXT, 'Account that it is summed under; empty = none', said('parentId')),
    column('currency', CODE, 'Currency that it is kept in; empty = base currency', last('currency', CHARTED)),
    column('control', CODE, 'Subledger whose control account it is; empty = none', said('control')),
    column('is_active', 'Bool', 'Takes postings', now('is_active')),
    column('updated_at', INSTANT, 'Append time of the newest event', 'max(log.appended_at)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'account' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id
HAVING countIf(${CHARTED}) > 0`,
  said: saidBy({ nameBn: TEXT, cashFlow: TEXT, parentId: TEXT, control: TEXT }, CHARTED),
}

/** All tenants, all that is recorded, whatever its day. */
const ALL: Scope = {
  with: '',
  rows: NOT_REFUSED,
  key: 'tenant_id, ',
  asOf: `toDate32('2299-12-31')`,
  digits: '2',
}

const ACCOUNT: readonly Column[] = [
  column('account_id', TEXT, 'Account'),
  column('account_code', TEXT, 'Code'),
  column('account_name', TEXT, 'Name'),
  column('account_type', CODE, 'Class: ASSET, LIABILITY, EQUITY, INCOME or EXPENSE', 'account_class'),
  column('account_subtype', CODE, 'Finer kind within the class'),
]
const BALANCE = 'debit - credit for ASSET and EXPENSE, credit - debit otherwise; base currency'

const balances: View = {
  name: 'account_balances',
  doc: 'Balance of every account with all that is posted, whatever its day; 0 where nothing is.',
  columns: [
    TENANT,
    ...ACCOUNT,
    column('total_debit', SUM, 'Sum of the debits, base currency'),
    column('total_credit', SUM, 'Sum of the credits, base currency'),
    column('balance', SUM, BALANCE),
  ],
  from: `(${accountsOf(ALL, EVER)}) AS balances`,
}

const INNER: Scope = { ...TODAY, with: '' }
const AS_OF = column('as_of', DAY, 'Today in the time zone of the tenant', TODAY.asOf)

const trialBalance: View = {
  name: 'rpt_trial_balance',
  doc: 'Trial balance of today: every account with what is posted up to today. The two balance columns have equal sums.',
  columns: [
    TENANT,
    AS_OF,
    ...ACCOUNT,
    column('total_debit', SUM, 'Sum of the debits, base currency'),
    column('total_credit', SUM, 'Sum of the credits, base currency'),
    column('debit_balance', SUM, 'What debits exceed credits by', 'greatest(total_debit - total_credit, 0)'),
    column('credit_balance', SUM, 'What credits exceed debits by', 'greatest(total_credit - total_debit, 0)'),
    column('balance', SUM, BALANCE),
  ],
  from: `(${accountsOf(INNER, EVER)}) AS balances`,
  today: true,
}

const generalLedger: View = {
  name: 'rpt_general_ledger',
  doc: 'General ledger up to today: one row per posted line, with what its account stood at after it.',
  columns: [
    TENANT,
    AS_OF,
    column('account_id', TEXT, 'Account', 'line_account'),
    column('account_code', CODE, 'Its code at the time', 'line_code'),
    column('account_name', CODE, 'Its name at the time', 'line_name'),
    column('account_type', CODE, 'Its class at the time', 'line_class'),
    column('entry_date', DAY, 'Posting date'),
    column('journal_id', TEXT, 'Journal entry'),
    column('journal_number', TEXT, 'Human number'),
    column('line_number', 'UInt32', 'Number of the line in its entry, from 1', 'line'),
    column('kind', CODE, KINDS),
    column('description', TEXT, 'What the entry is for', 'entry_description'),
    column('memo', TEXT, 'What the line is for'),
    column('party_type', CODE, 'customer or vendor; empty = none'),
    column('party_id', TEXT, 'Customer or vendor; empty = none'),
    column('source_type', CODE, 'Kind of the document that the entry posts; empty = none'),
    column('source_id', TEXT, 'Id of that document'),
    column('debit', LINE, 'Debit, base currency'),
    column('credit', LINE, 'Credit, base currency'),
    column('balance', SUM, `Of the account after the line: ${BALANCE}`),
  ],
  from: `(${ledgerLinesOf(INNER)}) AS ledger`,
  today: true,
}

export const LEDGER_VIEWS: readonly View[] = [
  entries,
  lines,
  accounts,
  balances,
  alias(balances),
  trialBalance,
  generalLedger,
]
