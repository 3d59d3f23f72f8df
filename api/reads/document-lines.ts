/**
 * Lines and instalments of documents, out of the payloads of their events: nothing else reads them, so they have no
 * columns of their own. Asked for the documents of a page at once.
 */
import { z } from 'zod'
import { documentLinesSql } from '../../sinks/clickhouse/contract.ts'
import { day, decimal, money } from '../http/schemas.ts'
import type { Services } from '../services.ts'
import { moneyOf, plain } from './text.ts'

/** As the payload has it: decimals as text with all their digits. */
interface PayloadLine {
  readonly description: string
  readonly quantity: string
  readonly unit: string
  readonly unitPrice: string
  readonly discount: string
  readonly netAmount: string
  readonly sdRate: string
  readonly sdAmount: string
  readonly vatCode: string
  readonly vatRate: string
  readonly vatAmount: string
  readonly productId: string | null
  readonly accountId: string | null
  readonly category?: string
  readonly department?: string
}

interface Row {
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

export const lineOf = (line: PayloadLine, currency: string): z.input<typeof documentLine> => ({
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
})

/** By document id. Of an event without lines (an older record) there are none. */
export async function readDocumentParts(
  services: Services,
  question: { tenant: string; entity: 'bill'; ids: readonly string[]; signal: AbortSignal },
): Promise<ReadonlyMap<string, DocumentParts>> {
  const { tenant, entity, ids, signal } = question
  const rows = await services.clickhouse.rows<Row>({
    name: `lines_${entity}`,
    sql: documentLinesSql(entity),
    params: { tenant, ids },
    signal,
  })
  return new Map(
    rows.map((row) => [
      row.id,
      {
        lines: JSON.parse(row.lines_json || '[]') as DocumentParts['lines'],
        instalments: JSON.parse(row.instalments_json || '[]') as DocumentParts['instalments'],
      },
    ]),
  )
}
