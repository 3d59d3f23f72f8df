/**
 * The worked example of docs/test-driver.md: what stands between `docs:` marks is shown there, word for word, and runs
 * here. The last tests hold the page to that, and to the driver's methods.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
// docs: topology
import { jsonCodec } from '../../processors/runtime/state/codec.ts'
import { RefusedEvent, type StoreSpec, type Topology } from '../../processors/runtime/topology.ts'
import { TOPICS } from '../../schemas/topics.ts'

type Failures = { readonly count: number; readonly last: string }
const FAILURES: StoreSpec<Failures> = { name: 'payment-failures', cells: 64, codec: jsonCodec<Failures>() }
const HOUR_MS = 3_600_000

/** Failed payments per tenant; an hour without any more is a fact worth telling, once. */
const paymentFailures: Topology = {
  name: 'payment-failures',
  version: 1,
  stores: [FAILURES] as never,
  onEvent(event, ctx) {
    if (event.type !== 'PaymentFailed') return
    const { tenantId, aggregateId, reason } = event.data
    if (reason === '') throw new RefusedEvent('reason_missing', 'a payment fails for a reason')
    const before = ctx.store(FAILURES).get(tenantId)
    ctx.store(FAILURES).set(tenantId, { count: (before?.count ?? 0) + 1, last: aggregateId })
    ctx.dirty(tenantId)
    ctx.setTimer(`quiet|${tenantId}`, ctx.meta.logTime + HOUR_MS)
  },
  onTimer(name, atMs, ctx) {
    const tenantId = name.slice('quiet|'.length)
    const { count } = ctx.store(FAILURES).get(tenantId) ?? { count: 0 }
    const fact = { count, at: new Date(atMs).toISOString() }
    ctx.emit({ topic: TOPICS.alerts, key: tenantId, value: Buffer.from(JSON.stringify(fact)) })
  },
  timerTenant: (name) => name.slice('quiet|'.length),
  render(tenantId, ctx) {
    const value = Buffer.from(JSON.stringify(ctx.store(FAILURES).get(tenantId)))
    return [{ key: `${tenantId}|payment-failures|`, value }]
  },
}
// docs: end

// docs: event
import { TestDriver } from '../../processors/runtime/testing/driver.ts'
import type { PaymentFailed } from '../../schemas/generated/records.ts'

const START = Date.UTC(2026, 0, 15, 4)
let serial = 0
const failed = (tenantId: string, fields: Partial<PaymentFailed> = {}) => {
  const data: PaymentFailed = {
    eventId: `failure-${++serial}`,
    tenantId,
    aggregateType: 'payment',
    aggregateId: `P-${serial}`,
    aggregateVersion: 1,
    schemaVersion: 1,
    occurredAt: START,
    recordedAt: START,
    actor: 'service:gateway',
    correlationId: null,
    causationId: null,
    failedDate: 20_468,
    reason: 'card declined',
    ...fields,
  }
  return { type: 'PaymentFailed' as const, data }
}
const newDriver = () => new TestDriver({ topologies: [paymentFailures], startMs: START })
// docs: end

describe('payment failures', () => {
  // docs: results
  it('are counted per tenant, an event that came twice once', () => {
    const driver = newDriver()
    const event = failed('acme')
    driver.pipe(event)
    driver.pipe(event)
    driver.pipe(failed('beta'))
    expect(driver.state(FAILURES, 'acme')).toMatchObject({ count: 1 })
    expect([...driver.rawResults().keys()]).toEqual(['acme|payment-failures|', 'beta|payment-failures|'])
  })
  // docs: end

  // docs: time
  it('end with one fact, an hour of log time after the last one', () => {
    const driver = newDriver()
    driver.pipe(failed('acme'))
    driver.pipe(failed('acme'), { timestamp: START + HOUR_MS / 2 })
    driver.tick(START + HOUR_MS)
    expect(driver.emitted(TOPICS.alerts)).toEqual([])
    driver.tick(START + 2 * HOUR_MS)
    expect(driver.emitted(TOPICS.alerts).map(({ key, value }) => [key, String(value)])).toEqual([
      ['acme', '{"count":2,"at":"2026-01-15T05:30:00.000Z"}'],
    ])
  })
  // docs: end

  // docs: letters
  it('without a reason are refused: nothing of them stays, and what follows goes on', () => {
    const driver = newDriver()
    driver.pipe(failed('acme', { reason: '' }))
    driver.pipe(failed('acme'))
    driver.pipeBytes('acme', Buffer.from('not Avro'))
    expect(driver.dlq().map(({ code, offset }) => [code, offset])).toEqual([
      ['reason_missing', 0],
      ['bad_magic', 2],
    ])
    expect(driver.state(FAILURES, 'acme')).toMatchObject({ count: 1 })
  })
  // docs: end

  // docs: failures
  it('are the same numbers whatever breaks in between', () => {
    for (const step of ['cut', 'begun', 'produced', 'offsets', 'committed', 'confirmed'] as const) {
      const driver = newDriver()
      driver.pipe(failed('acme'))
      driver.crashAt(step)
      driver.cut()
      driver.pipe(failed('acme'))
      driver.checkpoint()
      driver.pipe(failed('beta'))
      driver.failAfterWrites(0)
      driver.pipe(failed('acme'))
      driver.failNever()
      driver.cut()
      driver.restart()
      driver.tick(START + 2 * HOUR_MS)
      expect([step, driver.dlq().map(({ code }) => code)]).toEqual([step, ['handler_failed']])
      const written = driver.emitted(TOPICS.alerts).map(({ key }) => key)
      expect([step, written.toSorted()]).toEqual([step, ['acme', 'beta']])
      expect(driver.state(FAILURES, 'acme')?.count).toBe(2)
    }
  })

  it('are byte for byte those of a single pass over the same log', () => {
    const driver = newDriver()
    for (let n = 0; n < 50; n++) {
      driver.pipe(failed(n % 3 === 0 ? 'acme' : 'beta'), { timestamp: START + n * 60_000 })
      if (n % 7 === 0) driver.cut()
      if (n % 20 === 0) driver.checkpoint()
      if (n % 13 === 0) driver.restart()
    }
    driver.cut()
    const single = driver.singlePass()
    expect(driver.digest()).toBe(single.digest())
    expect(driver.rawResults()).toEqual(single.rawResults())
    expect(driver.emitted(TOPICS.alerts)).toEqual(single.emitted(TOPICS.alerts))
  })
  // docs: end
})

describe('docs/test-driver.md', () => {
  const read = (file: string) => readFileSync(path.resolve(import.meta.dirname, file), 'utf8')
  const page = read('../../docs/test-driver.md')
  const source = read('test-driver-docs.test.ts')
  const undented = (text: string): string => {
    const lines = text.split('\n')
    const indents = lines
      .filter((line) => line.trim() !== '')
      .map((line) => /^ */.exec(line)?.[0].length ?? 0)
    return lines
      .map((line) => line.slice(Math.min(...indents)))
      .join('\n')
      .trim()
  }

  it('shows what runs above, word for word', () => {
    const marked = [...source.matchAll(/^ *\/\/ docs: (?!end)\w+\n([\s\S]*?)^ *\/\/ docs: end$/gm)]
    const shown = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((block) => (block[1] ?? '').trim())
    expect(shown).toEqual(marked.map((region) => undented(region[1] ?? '')))
    expect(shown.length).toBeGreaterThan(4)
  })

  it('names every method of the driver', () => {
    const methods = Object.getOwnPropertyNames(TestDriver.prototype).filter((name) => name !== 'constructor')
    const missing = methods.filter((name) => !page.includes(`\`${name}`))
    expect(missing).toEqual([])
  })
})
