/** The worked example of docs/windows.md: the page quotes this file, and a test below holds it to that. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from '@jest/globals'
import { jsonCodec } from '../../../processors/runtime/state/codec.ts'
import { TestDriver } from '../../../processors/runtime/testing/driver.ts'
import type { Topology } from '../../../processors/runtime/topology.ts'
import { SUM } from '../../../processors/runtime/window/accumulate.ts'
import { localSpans } from '../../../processors/runtime/window/spans.ts'
import { Tumbling } from '../../../processors/runtime/window/tumbling.ts'
import { TOPICS } from '../../../schemas/topics.ts'
import { payment } from '../../unit/domain/support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const takings = new Tumbling<bigint, bigint>({
  name: 'takings',
  spans: localSpans('day'), // which windows
  accumulate: SUM, // what accumulates
  finals: { graceMs: 30 * MINUTE, everyMs: 15 * MINUTE, correctForMs: 72 * HOUR }, // when
  codecs: { window: jsonCodec(), openedAt: jsonCodec() },
  emit: ({ key, label, revision, value }, ctx) =>
    ctx.emit({
      topic: TOPICS.alerts,
      key,
      value: Buffer.from(`${label} revision ${revision}: ${value / 10_000n}`),
    }),
})

const topology: Topology = {
  name: 'takings',
  version: 1,
  stores: [...takings.stores] as never,
  onEvent(event, ctx) {
    if (event.type !== 'PaymentReceived') return
    const { tenantId, occurredAt, amount } = event.data
    takings.add({ key: tenantId, instant: occurredAt, zone: 'Asia/Dhaka' }, amount, ctx)
  },
  onTimer: (name, atMs, ctx) => {
    takings.onTimer(name, atMs, ctx)
  },
  render: () => [],
}

it('takings of a shop by the day, with a payment that comes a day late', () => {
  const driver = new TestDriver({ topologies: [topology], startMs: Date.parse('2026-01-15T04:00:00Z') })
  const paid = (id: string, amount: number, occurred: string, appended: string) => {
    const event = payment(id, { date: '2026-01-15', amount })
    const data = { ...event.data, occurredAt: Date.parse(occurred) }
    driver.pipe({ ...event, data } as typeof event, { timestamp: Date.parse(appended) })
  }
  const said = () => driver.emitted(TOPICS.alerts).map(({ value }) => String(value))

  paid('P1', 300, '2026-01-15T06:00:00Z', '2026-01-15T06:00:05Z')
  paid('P2', 200, '2026-01-15T17:59:00Z', '2026-01-15T18:10:00Z') // after midnight in Dhaka, inside of the grace
  driver.tick(Date.parse('2026-01-15T18:30:00Z'))
  expect(said()).toEqual(['2026-01-15 revision 1: 500'])

  paid('P3', 45, '2026-01-15T10:00:00Z', '2026-01-16T09:01:00Z') // the phone was offline
  paid('P4', 5, '2026-01-15T10:05:00Z', '2026-01-16T09:01:01Z')
  driver.tick(Date.parse('2026-01-16T09:15:00Z'))
  expect(said()).toEqual(['2026-01-15 revision 1: 500', '2026-01-15 revision 2: 550'])
  expect(driver.late().map(({ headers }) => headers['nikash-late-window'])).toEqual([
    'takings 2026-01-15',
    'takings 2026-01-15',
  ])
})

it('is what the page shows', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/windows.md'), 'utf8')
  const own = readFileSync(path.join(import.meta.dirname, 'time-example.test.ts'), 'utf8')
  const flat = (text: string) => text.replaceAll(/^ +/gm, '')
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '')
  expect(blocks.length).toBeGreaterThan(1)
  for (const block of blocks) expect(flat(own)).toContain(flat(block))
})
