/** The table of tests/support/aging-lives.ts against the SQL over the facts, for both sides and in both clocks. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { DEFAULT_EDGES } from '../../../schemas/rules/aging.ts'
import { type AgingRow, agingSqlOf, PAYABLES, RECEIVABLES } from '../../../sinks/clickhouse/contract.ts'
import { factRow } from '../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { LIVES, SIDES } from '../../support/aging-lives.ts'
import { type ChdbStore, openChdb } from './support/chdb-store.ts'
import { quietLog } from './support/harness.ts'

let store: ChdbStore
beforeAll(async () => {
  store = openChdb()
  await migrate(store, quietLog)
})
afterAll(() => store.close())
beforeEach(() => store.command('TRUNCATE TABLE finance.event_log'))

const plain = (text: string): number => Number(text)

describe.each(SIDES)('$side', ({ side, tell }) => {
  const book = side === 'payables' ? PAYABLES : RECEIVABLES

  async function rowOn(asOf: string, basis: 'due' | 'posting' = 'due', knownAt?: string) {
    const asked = { tenant: 'acme', asOf, edges: [...DEFAULT_EDGES] }
    const [row] = await store.query<AgingRow>(
      agingSqlOf(book, knownAt === undefined ? 'now' : 'then'),
      knownAt === undefined ? asked : { ...asked, knownBefore: Date.parse(knownAt) + 1 },
    )
    const amounts = [...(row?.[basis] ?? ['0', '0', '0', '0', '0']), row?.unapplied ?? '0']
    return { shown: amounts.map(plain).join(' '), disputed: plain(row?.disputed ?? '0') }
  }

  it.each(LIVES)('$title', async ({ told, days, known, posting, disputed }) => {
    const rows = tell(told).map(({ event, appendedAt }, offset) =>
      factRow(
        event,
        { topic: 'e', partition: 0, offset, timestamp: appendedAt, key: null, value: null, headers: {} },
        1,
      ),
    )
    await store.insert({ table: 'finance.event_log', rows, token: String(Math.random()) })
    for (const [asOf, row] of Object.entries(days))
      expect([asOf, (await rowOn(asOf)).shown]).toEqual([asOf, row])
    for (const [asOf, row] of Object.entries(posting ?? {}))
      expect([asOf, (await rowOn(asOf, 'posting')).shown]).toEqual([asOf, row])
    for (const [asOf, amount] of Object.entries(disputed ?? {}))
      expect([asOf, (await rowOn(asOf)).disputed]).toEqual([asOf, Number(amount)])
    for (const [at, asOf, row] of known ?? [])
      expect([at, asOf, (await rowOn(asOf, 'due', at)).shown]).toEqual([at, asOf, row])
  })
})
