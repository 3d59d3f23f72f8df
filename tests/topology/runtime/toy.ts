/** Two small topologies that use all of the engine: stores, timers, once-only facts, refusals, reads across stores. */
import { jsonCodec } from '../../../processors/runtime/state/codec.ts'
import {
  type Context,
  RefusedEvent,
  type Rendered,
  type RenderContext,
  rowsSpec,
  type StoreSpec,
  type Topology,
} from '../../../processors/runtime/topology.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'
import type { FinanceEvent, PaymentFailed } from '../../../schemas/generated/records.ts'
import { TOPICS } from '../../../schemas/topics.ts'

export interface Tally {
  readonly count: number
  readonly sum: bigint
}

export const TALLY: StoreSpec<Tally> = { name: 'tally', cells: 8, codec: jsonCodec<Tally>() }
export const ITEMS: StoreSpec<{ readonly version: number; readonly amount: bigint }> = {
  name: 'items',
  cells: 16,
  codec: jsonCodec(),
  cellKey: (key) => key.slice(0, key.indexOf('|')),
}
/** [events, their amounts] of a tenant's item, changed in place. */
export const COUNTS = rowsSpec({ name: 'counts', cells: 16, columns: 2 })
export const RANK: StoreSpec<string> = { name: 'rank', cells: 2, codec: jsonCodec<string>() }

export const HOUR = 3_600_000

const rendered = (key: string, family: string, ctx: RenderContext, sum: bigint): Rendered => ({
  key: `${key}|${family}|`,
  value: TEST_CODEC.encode('KpiResult', {
    tenantId: key,
    family,
    slice: '',
    kind: 'CURRENT',
    epoch: ctx.epoch,
    revision: ctx.revision,
    asOf: Number(sum % 10_000n),
    logTime: ctx.logTime,
    currency: 'BDT',
    windows: [],
  }),
})

export interface ToyTopics {
  readonly alerts: string
  readonly history: string
}

/** Sums failedDate per tenant; one hour after the last event of a tenant it states the sum once, for ever. */
const tally = (topics: ToyTopics): Topology => ({
  name: 'tally',
  version: 1,
  stores: [TALLY, ITEMS, COUNTS] as never,
  orderFree: new Set(['PaymentReversed']),
  timerTenant: (name) => name.slice('say:'.length),
  onEvent(event: FinanceEvent, ctx: Context) {
    if (event.type !== 'PaymentFailed' && event.type !== 'PaymentReversed') return
    const { data } = event
    const amount = BigInt(event.type === 'PaymentFailed' ? event.data.failedDate : event.data.reversalDate)
    const tenant = data.tenantId
    const tallies = ctx.store(TALLY)
    const items = ctx.store(ITEMS)
    const before = tallies.get(tenant) ?? { count: 0, sum: 0n }
    const item = `${tenant}|${data.aggregateId}`
    items.set(item, { version: data.aggregateVersion ?? 0, amount })
    const counts = ctx.rows(COUNTS).open(tenant, data.aggregateId)
    counts.add(0, 1)
    counts.add(1, Number(amount))
    if (data.reason === 'delete') {
      items.delete(item)
      counts.remove()
    }
    tallies.set(tenant, { count: before.count + 1, sum: before.sum + amount })
    ctx.dirty(tenant)
    ctx.setTimer(`say:${tenant}`, ctx.meta.logTime + HOUR)
    ctx.emit({ topic: topics.alerts, key: tenant, value: Buffer.from(data.eventId) })
    if (data.reason === 'refuse') throw new RefusedEvent('not_today', 'the toy refuses')
    if (data.reason === 'boom') throw new TypeError('a bug')
  },
  onTimer(name, _atMs, ctx) {
    const tenant = name.slice('say:'.length)
    const { sum, count } = ctx.store(TALLY).get(tenant) ?? { sum: 0n, count: 0 }
    if (count === 13) throw new Error('unlucky timer')
    ctx.emit({
      topic: topics.history,
      key: tenant,
      value: Buffer.from(`${tenant}:${sum}:${ctx.meta.logTime}`),
    })
    ctx.store(TALLY).set(tenant, { sum: sum + 1n, count })
    ctx.dirty(tenant)
  },
  render(key, ctx) {
    return [rendered(key, 'tally', ctx, ctx.store(TALLY).get(key)?.sum ?? 0n)]
  },
})

/** The tenant with the highest sum, read from the other topology's store. */
const rank: Topology = {
  name: 'rank',
  version: 1,
  stores: [RANK] as never,
  orderFree: new Set(['PaymentReversed', 'CustomerUpdated']),
  onEvent(event, ctx) {
    if (event.type !== 'PaymentFailed' && event.type !== 'PaymentReversed') return
    const leader = ctx.store(RANK).get('leader')
    const mine = ctx.store(TALLY).get(event.data.tenantId)?.sum ?? 0n
    const theirs = leader === undefined ? -1n : (ctx.store(TALLY).get(leader)?.sum ?? 0n)
    if (mine > theirs) {
      ctx.store(RANK).set('leader', event.data.tenantId)
      ctx.dirty('leader')
    }
    if (event.data.reason === 'late-boom') throw new Error('the second topology fails')
  },
  render(_key, ctx) {
    const leader = ctx.store(RANK).get('leader') ?? 'none'
    return [{ ...rendered(leader, 'rank', ctx, 0n), key: 'leader|rank|' }]
  },
}

export const toys = (topics: ToyTopics): readonly Topology[] => [tally(topics), rank]
export const TOYS = toys({ alerts: TOPICS.alerts, history: TOPICS.history })

let serial = 0
export const START = Date.UTC(2026, 0, 1)

/** A PaymentFailed; each has its own event id and aggregate unless told. */
export function failed(
  fields: Partial<PaymentFailed> = {},
): Extract<FinanceEvent, { type: 'PaymentFailed' }> {
  serial++
  return {
    type: 'PaymentFailed',
    data: {
      eventId: `00000000-0000-7000-8000-${String(serial).padStart(12, '0')}`,
      tenantId: 'acme',
      aggregateType: 'payment',
      aggregateId: `P${serial}`,
      aggregateVersion: 1,
      schemaVersion: 1,
      occurredAt: START,
      recordedAt: START,
      actor: 'user:test',
      correlationId: null,
      causationId: null,
      failedDate: 100,
      reason: 'test',
      ...fields,
    },
  }
}

/** A PaymentReversed: order-free for both toys. */
export function reversed(
  fields: Partial<PaymentFailed> = {},
): Extract<FinanceEvent, { type: 'PaymentReversed' }> {
  const { failedDate, ...data } = failed(fields).data
  return { type: 'PaymentReversed', data: { ...data, reversalDate: failedDate } }
}
