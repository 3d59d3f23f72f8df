/** GET /v1/journal-entries and /v1/journal-entries/{id}, with their lines; drafts too. */
import { z } from 'zod'
import { type JournalLineRow, journalLinesSql } from '../../sinks/clickhouse/contract.ts'
import { day, instant, money, resourceId } from '../http/schemas.ts'
import { operationsOfResource } from '../reads/list.ts'
import { moneyOf, orNull, UPDATED } from '../reads/text.ts'
import type { Services } from '../services.ts'

const STATUSES = ['DRAFT', 'POSTED', 'REVERSED'] as const
const KINDS = ['UNKNOWN', 'MANUAL', 'DOCUMENT', 'REVERSAL', 'OPENING', 'CLOSING'] as const

interface Row {
  readonly journal_id: string
  readonly journal_number: string
  readonly dated: string
  readonly fiscal_year: string
  readonly kind: (typeof KINDS)[number]
  readonly description: string
  readonly currency: string
  readonly rate: string
  readonly sum: string
  readonly source_type: string
  readonly source_id: string
  readonly reverses_id: string
  readonly reversed_by_id: string
  readonly reversed: string | null
  readonly status: (typeof STATUSES)[number]
  readonly updated: string
  /** Base currency of the tenant. */
  readonly base?: string
  readonly lines?: readonly JournalLineRow[]
}

const line = z
  .object({
    line: z.number().int(),
    accountId: z.string(),
    accountCode: z.string(),
    accountName: z.string(),
    accountClass: z.string(),
    debit: money.openapi({ description: 'In the base currency.' }),
    credit: money.openapi({ description: 'In the base currency.' }),
    amount: money.openapi({ description: 'The same in the currency of the entry, without sign.' }),
    partyType: z.string().nullable(),
    partyId: z.string().nullable(),
    productId: z.string().nullable(),
    taxCode: z.string().nullable(),
    department: z.string().nullable(),
    memo: z.string().nullable(),
  })
  .openapi('JournalLine')

const entry = z
  .object({
    id: z.string(),
    journalNumber: z.string(),
    entryDate: day,
    fiscalYear: z.string().nullable(),
    kind: z.enum(KINDS).openapi({ description: 'DOCUMENT: posted by the event of source.' }),
    description: z.string(),
    currency: z.string(),
    fxRate: z.string(),
    total: money.openapi({ description: 'Sum of the debits, in the base currency.' }),
    source: z.object({ type: z.string(), id: z.string() }).nullable(),
    reversesId: z.string().nullable(),
    reversedById: z.string().nullable(),
    reversedOn: day.nullable(),
    status: z.enum(STATUSES).openapi({ description: 'Drafts are not in the ledger.' }),
    lines: z.array(line),
    updatedAt: instant,
  })
  .openapi('JournalEntry')

const lineOf = (row: JournalLineRow, base: string, currency: string): z.input<typeof line> => ({
  line: row.line,
  accountId: row.account_id,
  accountCode: row.account_code,
  accountName: row.account_name,
  accountClass: row.account_class,
  debit: moneyOf(row.debit, base),
  credit: moneyOf(row.credit, base),
  amount: moneyOf(row.amount, currency),
  partyType: orNull(row.party_type),
  partyId: orNull(row.party_id),
  productId: orNull(row.product_id),
  taxCode: orNull(row.tax_code),
  department: orNull(row.department),
  memo: orNull(row.memo),
})

export const journalEntries = (services: Services) =>
  operationsOfResource<Row, typeof entry>(services, {
    plural: 'journal-entries',
    singular: 'journal-entry',
    alias: true,
    tag: 'Ledger',
    view: 'fct_journal_entries',
    columns: `journal_id, journal_number, toString(entry_date) AS dated, fiscal_year, kind, description, currency,
  toString(fx_rate) AS rate, toString(total) AS sum, source_type, source_id, reverses_id, reversed_by_id,
  toString(reversed_on) AS reversed, status, ${UPDATED}`,
    idColumn: 'journal_id',
    id: (row) => row.journal_id,
    order: { column: 'entry_date', type: 'Date32', of: (row) => row.dated },
    filters: {
      status: { column: 'status', schema: z.enum(STATUSES) },
      kind: { column: 'kind', schema: z.enum(KINDS) },
      number: { column: 'journal_number', schema: z.string().min(1).max(100) },
      sourceType: { column: 'source_type', schema: z.string().min(1).max(50) },
      sourceId: { column: 'source_id', schema: resourceId },
    },
    dateColumn: 'entry_date',
    async complete(tenant, rows, signal) {
      const [{ currency: base }, found] = await Promise.all([
        services.tenants.settings(tenant),
        services.clickhouse.rows<JournalLineRow>({
          name: 'journal_lines',
          sql: journalLinesSql,
          params: { tenant, ids: rows.map((row) => row.journal_id) },
          signal,
        }),
      ])
      const lines = Map.groupBy(found, (one) => one.journal_id)
      return rows.map((row) => ({ ...row, base, lines: lines.get(row.journal_id) ?? [] }))
    },
    response: entry,
    map: (row) => {
      const { base = row.currency, lines = [] } = row
      return {
        id: row.journal_id,
        journalNumber: row.journal_number,
        entryDate: row.dated,
        fiscalYear: orNull(row.fiscal_year),
        kind: row.kind,
        description: row.description,
        currency: row.currency,
        fxRate: row.rate,
        total: moneyOf(row.sum, base),
        source: row.source_type === '' ? null : { type: row.source_type, id: row.source_id },
        reversesId: orNull(row.reverses_id),
        reversedById: orNull(row.reversed_by_id),
        reversedOn: row.reversed,
        status: row.status,
        lines: lines.map((one) => lineOf(one, base, row.currency)),
        updatedAt: row.updated,
      }
    },
  })
