/** The general ledger in ClickHouse: every figure here is worked by hand from the entries in `ENTRIES`. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  accountsSql,
  journalLinesSql,
  ledgerKeysSql,
  ledgerUpToSql,
} from '../../../sinks/clickhouse/contract.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { account, deactivated, drafted, posted, renamed, undone } from './support/book-events.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { event, registered, T } from './support/events.ts'
import { quietLog } from './support/harness.ts'

const record = { topic: 'e', partition: 3, timestamp: 0, key: null, value: null, headers: {} }
const REFUSED = 24
const rent = { on: '2026-02-06', sides: { '5000': '7', '1000': '-7' } }

// 2100 is in no chart: entries of an upstream service name it.
const ENTRIES = [
  registered(),
  ...['1000', '1100', '1900', '2000', '3000', '4000', '5000'].map(account),
  renamed('1000', 'Cash in hand'),
  deactivated('1900'),
  posted('j1', { on: '2026-01-01', kind: 'OPENING', sides: { '1000': '1000', '3000': '-1000' } }),
  posted('j2', {
    on: '2026-01-10',
    kind: 'DOCUMENT',
    source: ['invoice', 'i1'],
    sides: { '1100': '115', '4000': '-100', '2100': '-15' },
  }),
  posted('j3', { on: '2026-01-20', kind: 'DOCUMENT', sides: { '1000': '115', '1100': '-115' } }),
  posted('j4', { on: '2026-02-05', sides: { '5000': '40.01', '1000': '-40.01' } }),
  drafted('j5', rent),
  drafted('j6', { on: '2026-02-10', sides: { '5000': '8', '1000': '-8' } }),
  posted('j6', { on: '2026-02-10', sides: { '5000': '9', '1000': '-9' } }, 2),
  posted('j7', { on: '2026-02-12', kind: 'REVERSAL', reverses: 'j6', sides: { '5000': '-9', '1000': '9' } }),
  undone('j6', 'j7', '2026-02-12', 3),
  posted('j8', { on: '2200-01-01', sides: { '1000': '5', '3000': '-5' } }),
  // Posted later for an earlier day.
  posted('j9', { on: '2026-01-20', sides: { '1000': '0.99', '3000': '-0.99' } }),
  posted('o1', { tenant: 'bolt', on: '2026-01-01', sides: { '1000': '77', '3000': '-77' } }),
  event('PeriodClosed', 'ledger', { aggregateType: 'ledger', through: 20_000, reason: 'year end' }),
  event('PostingRulesSet', 'posting-rules', { aggregateType: 'posting-rules', rules: [] }),
  posted('refused', { on: '2026-01-01', sides: { '1000': '500', '3000': '-500' } }),
]

let store: ChdbStore
beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
  await store.insert({
    table: 'finance.event_log',
    rows: ENTRIES.map((one, offset) => factRow(one, { ...record, offset }, 1)),
    token: 'all',
  })
  await store.insert({
    table: 'finance.refused_events',
    rows: [{ tenant_id: T, code: 'x', message: '', _epoch: 1, _partition: 3, _offset: REFUSED }],
    token: 'refused',
  })
})
afterAll(() => store.close())

const rows = (sql: string, parameters: Record<string, unknown> = {}) =>
  store.query<Record<string, unknown>>(sql, parameters)

describe('fct_journal_lines', () => {
  it('has the refused entry at the place that this test says', () => {
    expect(ENTRIES[REFUSED]?.data.aggregateId).toBe('refused')
  })

  it('has one row per line of a posted entry, by its own day, signed by the class of its account', async () => {
    expect(
      await rows(`SELECT line_number AS n, account_id AS account, account_class AS class, toString(debit) AS debit,
  toString(credit) AS credit, toString(balance_change) AS change, party_id AS party, tax_code AS tax, memo, entry_date,
  source_type, source_id, kind, _offset AS offset
FROM finance.fct_journal_lines WHERE tenant_id = '${T}' AND journal_id = 'j2' ORDER BY n`),
    ).toEqual([
      {
        n: 1,
        account: '1100',
        class: 'ASSET',
        debit: '115',
        credit: '0',
        change: '115',
        party: 'c1',
        tax: '',
        memo: 'line of 1100',
        entry_date: '2026-01-10',
        source_type: 'invoice',
        source_id: 'i1',
        kind: 'DOCUMENT',
        offset: 11,
      },
      expect.objectContaining({
        n: 2,
        account: '2100',
        credit: '15',
        change: '15',
        tax: 'standard',
        party: '',
      }),
      expect.objectContaining({ n: 3, account: '4000', credit: '100', change: '100' }),
    ])
  })

  it('leaves out drafts and what was refused, and keeps what was reversed', async () => {
    expect(
      await rows(
        `SELECT journal_id AS id, count() AS n FROM finance.fct_journal_lines WHERE tenant_id = '${T}' GROUP BY id ORDER BY id`,
      ),
    ).toEqual([
      { id: 'j1', n: 2 },
      { id: 'j2', n: 3 },
      { id: 'j3', n: 2 },
      { id: 'j4', n: 2 },
      { id: 'j6', n: 2 },
      { id: 'j7', n: 2 },
      { id: 'j8', n: 2 },
      { id: 'j9', n: 2 },
    ])
  })

  it('is balanced entry by entry', async () => {
    expect(
      await rows(
        'SELECT journal_id FROM finance.fct_journal_lines GROUP BY tenant_id, journal_id HAVING sum(debit) != sum(credit)',
      ),
    ).toEqual([])
  })
})

describe('fct_journal_entries', () => {
  it('shows each entry once with its status and what reverses it', async () => {
    expect(
      await rows(`SELECT journal_id AS id, status, toString(total) AS total, line_count AS n, reverses_id AS reverses,
  reversed_by_id AS by, reversed_on AS on FROM finance.fct_journal_entries
WHERE tenant_id = '${T}' AND journal_id IN ('j4', 'j5', 'j6', 'j7', 'refused') ORDER BY id`),
    ).toEqual([
      { id: 'j4', status: 'POSTED', total: '40.01', n: 2, reverses: '', by: '', on: null },
      { id: 'j5', status: 'DRAFT', total: '7', n: 2, reverses: '', by: '', on: null },
      { id: 'j6', status: 'REVERSED', total: '9', n: 2, reverses: '', by: 'j7', on: '2026-02-12' },
      { id: 'j7', status: 'POSTED', total: '9', n: 2, reverses: 'j6', by: '', on: null },
    ])
  })
})

describe('the chart of accounts', () => {
  it('stands as its newest events say', async () => {
    expect(
      await rows(
        `SELECT account_code AS code, account_name AS name, account_type AS type, is_active AS active
FROM finance.dim_accounts WHERE tenant_id = '${T}' AND account_id IN ('1000', '1900', '2100') ORDER BY code`,
      ),
    ).toEqual([
      { code: '1000', name: 'Cash in hand', type: 'ASSET', active: true },
      { code: '1900', name: 'Unused', type: 'ASSET', active: false },
    ])
  })
})

const BALANCES = [
  { id: '1000', name: 'Cash in hand', type: 'ASSET', debit: '1129.99', credit: '49.01', balance: '1080.98' },
  { id: '1100', name: 'Receivables', type: 'ASSET', debit: '115', credit: '115', balance: '0' },
  { id: '1900', name: 'Unused', type: 'ASSET', debit: '0', credit: '0', balance: '0' },
  { id: '2000', name: 'Payables', type: 'LIABILITY', debit: '0', credit: '0', balance: '0' },
  { id: '2100', name: 'Output VAT', type: 'LIABILITY', debit: '0', credit: '15', balance: '15' },
  { id: '3000', name: 'Capital', type: 'EQUITY', debit: '0', credit: '1005.99', balance: '1005.99' },
  { id: '4000', name: 'Sales', type: 'INCOME', debit: '0', credit: '100', balance: '100' },
  { id: '5000', name: 'Rent', type: 'EXPENSE', debit: '49.01', credit: '9', balance: '40.01' },
]

describe('account_balances', () => {
  it('has every account, 0 where nothing was posted, under both names', async () => {
    for (const view of ['account_balances', 'account_balances_mv']) {
      expect(
        await rows(`SELECT account_id AS id, account_name AS name, account_type AS type, toString(total_debit) AS debit,
  toString(total_credit) AS credit, toString(balance) AS balance FROM finance.${view} WHERE tenant_id = '${T}' ORDER BY id`),
      ).toEqual(BALANCES)
    }
  })

  it('keeps tenants apart', async () => {
    expect(
      await rows(
        "SELECT account_id AS id, toString(balance) AS balance FROM finance.account_balances WHERE tenant_id = 'bolt' ORDER BY id",
      ),
    ).toEqual([
      { id: '1000', balance: '77' },
      { id: '3000', balance: '77' },
    ])
  })
})

describe('the trial balance', () => {
  it('of today nets to zero and leaves out what is dated later', async () => {
    expect(
      await rows(`SELECT toString(sum(debit_balance)) AS debit, toString(sum(credit_balance)) AS credit, count() AS n,
  toString(anyIf(balance, account_id = '1000')) AS cash FROM finance.rpt_trial_balance WHERE tenant_id = '${T}'`),
    ).toEqual([{ debit: '1115.99', credit: '1115.99', n: 8, cash: '1075.98' }])
  })

  it.each([
    ['2025-12-31', {}],
    ['2026-01-01', { '1000': '1000', '3000': '1000' }],
    ['2026-01-10', { '1000': '1000', '1100': '115', '2100': '15', '3000': '1000', '4000': '100' }],
    ['2026-01-20', { '1000': '1115.99', '2100': '15', '3000': '1000.99', '4000': '100' }],
    ['2026-02-10', { '1000': '1066.98', '2100': '15', '3000': '1000.99', '4000': '100', '5000': '49.01' }],
    ['2026-02-12', { '1000': '1075.98', '2100': '15', '3000': '1000.99', '4000': '100', '5000': '40.01' }],
  ])('as of %s is %j', async (asOf, expected) => {
    const found = await rows(accountsSql, { tenant: T, from: '1900-01-01', asOf })
    // Every account of the chart is there from the first day.
    expect(found.length).toBeGreaterThanOrEqual(7)
    expect(
      Object.fromEntries(
        found.filter((row) => row['balance'] !== '0').map((row) => [row['account_id'], row['balance']]),
      ),
    ).toEqual(expected)
    const [sums] = await rows(
      `SELECT toString(sum(toDecimal128(total_debit, 4)) - sum(toDecimal128(total_credit, 4))) AS net FROM (${accountsSql})`,
      { tenant: T, from: '1900-01-01', asOf },
    )
    expect(sums).toEqual({ net: '0' })
  })

  it('of a range says what an account stood at before, and what moved it', async () => {
    const found = await rows(accountsSql, { tenant: T, from: '2026-01-20', asOf: '2026-02-10' })
    expect(found.filter((row) => ['1000', '1100', '4000'].includes(String(row['account_id'])))).toEqual([
      {
        account_id: '1000',
        account_code: '1000',
        account_name: 'Cash in hand',
        account_class: 'ASSET',
        account_subtype: '',
        is_active: true,
        opening: '1000',
        total_debit: '115.99',
        total_credit: '49.01',
        balance: '1066.98',
      },
      expect.objectContaining({ opening: '115', total_debit: '0', total_credit: '115', balance: '0' }),
      expect.objectContaining({ opening: '100', total_debit: '0', total_credit: '0', balance: '100' }),
    ])
  })
})

const OF_DAY = { tenant: T, from: '1900-01-01', account: '' }
const START = { afterAccount: '', afterDay: '1900-01-01', afterPosition: '0', afterLine: '0' }

describe('the general ledger', () => {
  it('of today has the lines of an account in order with what it stood at after each', async () => {
    const found = await rows(
      `SELECT entry_date, journal_id, toString(debit) AS dr, toString(credit) AS cr, toString(balance) AS after
FROM finance.rpt_general_ledger WHERE tenant_id = '${T}' AND account_id = '1000' ORDER BY entry_date, journal_id`,
    )
    expect(found.map((row) => Object.values(row))).toEqual([
      ['2026-01-01', 'j1', '1000', '0', '1000'],
      ['2026-01-20', 'j3', '115', '0', '1115'],
      ['2026-01-20', 'j9', '0.99', '0', '1115.99'],
      ['2026-02-05', 'j4', '0', '40.01', '1075.98'],
      ['2026-02-10', 'j6', '0', '9', '1066.98'],
      ['2026-02-12', 'j7', '9', '0', '1075.98'],
    ])
  })

  it('of today ends at the balances of the trial balance', async () => {
    const last = Object.fromEntries(
      (
        await rows(
          `SELECT account_id AS id, toString(argMax(balance, (entry_date, _))) AS after FROM (
  SELECT *, journal_id AS _ FROM finance.rpt_general_ledger WHERE tenant_id = '${T}') GROUP BY id`,
        )
      ).map((row) => [row['id'], row['after']]),
    )
    const accounts = await rows(accountsSql, { ...OF_DAY, asOf: '2026-02-12' })
    for (const { account_id: id, balance } of accounts) {
      expect([id, last[String(id)] ?? '0']).toEqual([id, balance])
    }
  })

  it('of a range has the places of its lines in order, page by page', async () => {
    const range = { ...OF_DAY, account: '1000', from: '2026-01-20', asOf: '2026-02-10' }
    const page = async (after: object, limit: string) =>
      rows(ledgerKeysSql, { ...range, ...after, rows: limit })
    const first = await page(START, '2')
    expect(first.map((row) => [row['entry_date'], row['journal_id'], row['line']])).toEqual([
      ['2026-01-20', 'j3', 1],
      ['2026-01-20', 'j9', 1],
    ])
    const { account_id, entry_date, position, line } = first[1] ?? {}
    const second = await page(
      { afterAccount: account_id, afterDay: entry_date, afterPosition: position, afterLine: line },
      '10',
    )
    expect(second.map((row) => row['journal_id'])).toEqual(['j4', 'j6'])
    // 1000 opening, 115 and 0.99 in.
    expect(await rows(ledgerUpToSql, { ...range, day: entry_date, position, line })).toEqual([
      { debit: '1115.99', credit: '0' },
    ])
    expect(await rows(ledgerKeysSql, { ...range, account: 'none', ...START, rows: '9' })).toEqual([])
  })
})

describe('the lines of entries', () => {
  it('are those of the newest form, of drafts too', async () => {
    const found = await rows(journalLinesSql, { tenant: T, ids: ['j5', 'j6'] })
    expect(
      found.map((row) => [row['journal_id'], row['line'], row['account_id'], row['debit'], row['credit']]),
    ).toEqual([
      ['j5', 1, '1000', '0', '7'],
      ['j5', 2, '5000', '7', '0'],
      ['j6', 1, '1000', '0', '9'],
      ['j6', 2, '5000', '9', '0'],
    ])
  })
})
