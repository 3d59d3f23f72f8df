/** A topology of two tumbling windows, by the hour and by the tenant's day: what a topology author writes. */
import { jsonCodec } from '../../../processors/runtime/state/codec.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { TALLY, type Tally } from '../../../processors/runtime/window/accumulate.ts'
import { fixedSpans, localSpans, type Spans } from '../../../processors/runtime/window/spans.ts'
import { type Final, Tumbling, type WindowState } from '../../../processors/runtime/window/tumbling.ts'
import { TOPICS } from '../../../schemas/topics.ts'

export const MINUTE = 60_000
export const HOUR = 3_600_000
export const FINALS = { graceMs: 10 * MINUTE, everyMs: 15 * MINUTE, correctForMs: 6 * HOUR }
export const DAY_FINALS = { graceMs: 0, everyMs: 15 * MINUTE, correctForMs: 48 * HOUR }
export const ZONES: Readonly<Record<string, string>> = {
  dhaka: 'Asia/Dhaka',
  kathmandu: 'Asia/Kathmandu',
  newyork: 'America/New_York',
  kiritimati: 'Pacific/Kiritimati',
}
export const zoneOf = (tenantId: string): string => ZONES[tenantId] ?? 'UTC'

const tumbling = (name: string, spans: Spans, finals: typeof FINALS): Tumbling<bigint, Tally> =>
  new Tumbling({
    name,
    spans,
    accumulate: TALLY,
    finals,
    codecs: { window: jsonCodec<WindowState<Tally>>(), openedAt: jsonCodec<number>() },
    emit: ({ key, label, revision, value }: Final<Tally>, ctx) => {
      const at = ctx.meta.logTime
      const text = JSON.stringify({
        name,
        key,
        label,
        revision,
        count: value.count,
        sum: String(value.sum),
        at,
      })
      ctx.emit({ topic: TOPICS.alerts, key, value: Buffer.from(text) })
    },
  })

export const HOURLY = tumbling('hourly', fixedSpans(HOUR), FINALS)
export const DAILY = tumbling('daily', localSpans('day'), DAY_FINALS)

/** Counts failed payments by the hour and by the local day in which they occurred; the amount is failedDate. */
export const WINDOWS: Topology = {
  name: 'windows',
  version: 1,
  stores: [...HOURLY.stores, ...DAILY.stores] as never,
  onEvent(event, ctx) {
    if (event.type !== 'PaymentFailed') return
    const { tenantId, occurredAt, failedDate, reason } = event.data
    const place = { key: tenantId, instant: occurredAt, zone: zoneOf(tenantId) }
    for (const windows of [HOURLY, DAILY]) {
      if (reason === 'void') windows.remove(place, BigInt(failedDate), ctx)
      else windows.add(place, BigInt(failedDate), ctx)
    }
    if (reason === 'boom') throw new Error('after all')
  },
  onTimer(name, atMs, ctx) {
    if (!HOURLY.onTimer(name, atMs, ctx)) DAILY.onTimer(name, atMs, ctx)
  },
  render: () => [],
}

export interface Said {
  readonly name: string
  readonly key: string
  readonly label: string
  readonly revision: number
  readonly count: number
  readonly sum: string
  readonly at: number
}
