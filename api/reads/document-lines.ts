/**
 * Lines and instalments of documents, out of the payloads of their events: nothing else reads them, so they have no
 * columns of their own. Asked for the documents of a page at once.
 */
import { z } from 'zod'
import { documentLinesSql, type EntityWithLines } from '../../sinks/clickhouse/contract.ts'
import { day, decimal, money } from '../http/schemas.ts'
import type { Services } from '../services.ts'
import { moneyOf, plain } from './text.ts'

/** As the payload has it: decimals as text with all their digits. */
interface PayloadLine extends Partial<typeof LATER> {
  readonly description: string
  readonly quantity: string
  readonly unitPrice: string
  readonly netAmount: string
  readonly vatCode: string
  readonly vatRate: string
  readonly vatAmount: string
  /** Of bills. */
  readonly category?: string
  readonly department?: string
}

/** Fields that lines did not always have: facts from before them stay readable. */
const LATER: {
  readonly unit: string
  readonly discount: string
  readonly sdRate: string
  readonly sdAmount: string
  readonly productId: string | null
  readonly accountId: string | null
} = { unit: '', discount: '0', sdRate: '0', sdAmount: '0', productId: null, accountId: null }

interface PartsRow {
  readonly id: string
  readonly lines_json: string
  readonly instalments_json: string
}

export interface DocumentParts {
  readonly lines: readonly PayloadLine[]
  readonly instalments: readonly { readonly dueDate: string; readonly amount: string }[]
}

export const documentLine = z
  .object({
    description: z.string(),
    productId: z.string().nullable(),
    quantity: decimal,
    unit: z.string(),
    unitPrice: decimal,
    discount: money,
    netAmount: money,
    sdRate: decimal,
    sdAmount: money,
    vatCode: z.string(),
    vatRate: decimal.openapi({ description: 'A fraction: 0.15 is 15 %.' }),
    vatAmount: money,
    category: z.string().nullable(),
    department: z.string().nullable(),
    accountId: z.string().nullable(),
  })
  .openapi('DocumentLine')

export const instalment = z.object({ dueDate: day, amount: money }).openapi('Instalment')

export const linesOf = (parts: DocumentParts | undefined, currency: string) =>
  (parts?.lines ?? []).map((line) => lineOf(line, currency))

export const instalmentsOf = (parts: DocumentParts | undefined, currency: string) =>
  (parts?.instalments ?? []).map(({ dueDate, amount }) => ({ dueDate, amount: moneyOf(amount, currency) }))

const lineOf = (payload: PayloadLine, currency: string): z.input<typeof documentLine> => {
  const line = { ...LATER, ...payload }
  return {
    description: line.description,
    productId: line.productId,
    quantity: plain(line.quantity),
    unit: line.unit,
    unitPrice: plain(line.unitPrice),
    discount: moneyOf(line.discount, currency),
    netAmount: moneyOf(line.netAmount, currency),
    sdRate: plain(line.sdRate),
    sdAmount: moneyOf(line.sdAmount, currency),
    vatCode: line.vatCode,
    vatRate: plain(line.vatRate),
    vatAmount: moneyOf(line.vatAmount, currency),
    category: line.category || null,
    department: line.department || null,
    accountId: line.accountId,
  }
}

export interface WithParts {
  readonly parts?: DocumentParts | undefined
}

/** Rows of documents with their lines and instalments. Of an event without lines (an older record) there are none. */
export async function withParts<Row extends WithParts>(
  services: Services,
  question: {
    readonly tenant: string
    readonly entity: EntityWithLines
    readonly rows: readonly Row[]
    readonly id: (row: Row) => string
    readonly signal: AbortSignal
  },
): Promise<readonly Row[]> {
  const { tenant, entity, id, signal } = question
  const ids = question.rows.map(id)
  const rows = await services.clickhouse.rows<PartsRow>({
    name: `lines_${entity}`,
    sql: documentLinesSql(entity),
    params: { tenant, ids },
    signal,
  })
  const found = new Map(
    rows.map((row) => [
      row.id,
      {
        lines: JSON.parse(row.lines_json || '[]') as DocumentParts['lines'],
        instalments: JSON.parse(row.instalments_json || '[]') as DocumentParts['instalments'],
      },
    ]),
  )
  return question.rows.map((row) => ({ ...row, parts: found.get(id(row)) }))
}
