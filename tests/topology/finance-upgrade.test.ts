/** State that the version before wrote: read, and gone on with. */
import { describe, expect, it } from '@jest/globals'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import type { Codec, StoreSpec, Topology } from '../../processors/runtime/topology.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import { EXPENSES, INVOICES, PAYMENTS } from '../../processors/topologies/stores.ts'
import type { AgingResult, FinanceEvent } from '../../schemas/generated/records.ts'
import {
  creditNote,
  dispute,
  dueChange,
  expense,
  expenseCancellation,
  invoice,
  payment,
  reversal,
  settings,
  writeOff,
} from '../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const NOON = Date.parse('2026-01-15T04:05:00Z')

/** A codec that writes what the version before wrote. */
const asBefore = <V>(codec: Codec<V>, older: (row: never) => unknown): Codec<V> => ({
  version: 1,
  encode: (value) => JSON.stringify(older(JSON.parse(codec.encode(value).toString()) as never)),
  decode: (bytes) => codec.decode(bytes, 1),
})

const OLDER: Readonly<Record<string, (spec: StoreSpec<never>) => Codec<never>>> = {
  [INVOICES.name]: ({ codec }) =>
    asBefore(codec, ([status, disputed, cancelled, document, changes, claims]: unknown[]) => [
      status,
      disputed,
      cancelled,
      document && (document as unknown[]).slice(0, 8),
      (changes as unknown[][]).flatMap(([from, due]) => [from, due]),
      claims,
    ]),
  [PAYMENTS.name]: ({ codec }) => asBefore(codec, (row: unknown[]) => row.slice(0, 9)),
  [EXPENSES.name]: ({ codec }) => asBefore(codec, ([day]: unknown[]) => [day]),
}

/** The topologies of today over the stores of before: same handlers, same hash, older codecs. */
const before = topologies.map(
  (topology): Topology => ({
    ...topology,
    stores: topology.stores.map((spec) => {
      const older = OLDER[spec.name]
      return older === undefined
        ? spec
        : { ...spec, codec: older(spec as StoreSpec<never>) as Codec<unknown> }
    }),
  }),
)

const OLD: readonly FinanceEvent[] = [
  settings('TenantRegistered'),
  invoice('I1', { date: '2026-01-01', due: '2026-01-10', total: 115, vat: 15, disputed: true }),
  invoice('I2', { date: '2026-01-02', total: 50 }),
  dueChange('I2', '2026-01-12', '2026-02-01'),
  payment('P1', { date: '2026-01-05', amount: 60, to: { I1: 40, I2: 5 } }),
  expense('E1', { date: '2026-01-06', net: 70 }),
]
const NEW: readonly FinanceEvent[] = [
  writeOff('I2', '2026-01-10', 10),
  dispute('I1', '2026-01-12', false),
  creditNote('N1', { date: '2026-01-14', total: 30, to: { I1: 30 } }),
  reversal('P1', '2026-01-14'),
]

function upgraded(): TestDriver {
  const options = { topologies: before as readonly Topology[], startMs: NOON }
  const driver = new TestDriver(options)
  for (const one of OLD) driver.pipe(one)
  driver.checkpoint()
  driver.cut()
  options.topologies = topologies
  driver.restart()
  return driver
}

describe('a checkpoint of the version before', () => {
  it('is read, and what comes then counts as if it had been there from the start', () => {
    const driver = upgraded()
    for (const one of NEW) driver.pipe(one)
    driver.cut()
    const fresh = new TestDriver({ topologies, startMs: NOON })
    for (const one of [...OLD, ...NEW]) fresh.pipe(one)
    expect(driver.dlq()).toEqual([])
    expect(driver.entries(INVOICES)).toEqual(fresh.entries(INVOICES))
    expect(driver.entries(PAYMENTS)).toEqual(fresh.entries(PAYMENTS))
    const total = (d: TestDriver) =>
      (d.results().get('acme|aging.receivables|')?.data as AgingResult | undefined)?.total
    // 115 + 50 of invoices, 30 credited, 10 written off, no payment left.
    expect([total(driver), total(fresh)]).toEqual([1_250_000n, 1_250_000n])
  })

  it('is written anew as a whole with the next checkpoint', () => {
    const driver = upgraded()
    driver.checkpoint()
    driver.cut()
    driver.restart()
    expect([...driver.entries(INVOICES).keys()].sort()).toEqual(['acme|I1', 'acme|I2'])
    driver.pipe(writeOff('I2', '2026-01-10', 10))
    expect(driver.dlq()).toEqual([])
  })

  it('lacks the amounts of expenses: cancelling one of them is refused, with the way out', () => {
    const driver = upgraded()
    driver.pipe(expenseCancellation('E1', '2026-01-14'))
    driver.pipe(expense('E2', { date: '2026-01-06', net: 7 }))
    driver.pipe(expenseCancellation('E2', '2026-01-14'))
    const letters = driver.dlq().map(({ code, message }) => [code, message])
    expect(letters).toEqual([['amount_not_kept', expect.stringContaining('./nikash tenant rebuild acme')]])
  })
})
