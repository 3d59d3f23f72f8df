/**
 * Owns the number of finance transactions in the books, for metrics: every recorded event of a document or of
 * stock, whoever sent it, and every entry that was posted by hand (one that posts a document says nothing new). Refuses: asking more often than every KEEP_MS, and failing; what was known last stands.
 */
import { DATABASE } from '../../sinks/clickhouse/contract.ts'
import type { ClickHouse } from './clickhouse.ts'

const KEEP_MS = 15_000
const WAIT_MS = 1_000
/** Masters, settings and targets are no transactions. */
const SQL = `SELECT toUInt64(count()) AS events FROM ${DATABASE}.event_log
WHERE entity IN ('invoice', 'credit-note', 'payment', 'bill', 'vendor-payment', 'expense', 'stock')
  OR entity = 'journal-entry' AND event_type = 'JournalEntryPosted' AND kind != 'DOCUMENT'`

export const createTransactionCount = (
  clickhouse: ClickHouse,
  now: () => number,
): { count(): Promise<number> } => {
  let [known, askedAt] = [0, Number.NEGATIVE_INFINITY]
  let asking: Promise<void> = Promise.resolve()
  const ask = async (): Promise<void> => {
    try {
      const [row] = await clickhouse.rows<{ events: string | number }>({
        name: 'transactions',
        sql: SQL,
        params: {},
      })
      // Merges take duplicates away: a counter does not go back for that.
      known = Math.max(known, Number(row?.events ?? 0))
    } catch {
      askedAt = Number.NEGATIVE_INFINITY
    }
  }
  return {
    async count() {
      if (now() - askedAt >= KEEP_MS) {
        askedAt = now()
        asking = ask()
      }
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, WAIT_MS)
      })
      await Promise.race([asking, late])
      clearTimeout(timer)
      return known
    },
  }
}
