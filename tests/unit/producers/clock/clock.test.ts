import { describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { MemoryBroker } from '../../../../platform/kafka/memory/broker.ts'
import { MemoryKafka } from '../../../../platform/kafka/memory/port.ts'
import { Clock, lastQuarter, QUARTER_MS, tickRecords } from '../../../../producers/clock/clock.ts'
import { RecordCodec } from '../../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../../schemas/codec/memory-registry.ts'
import { CATALOGUE, PARTITIONS, TOPICS } from '../../../../schemas/topics.ts'

const codec = await RecordCodec.open(new MemoryRegistry())
const NOON = Date.parse('2026-11-23T12:00:00Z')

describe('ticks', () => {
  it('go to every partition, each with an id that two clocks share', () => {
    const one = tickRecords(NOON, codec)
    expect(one.map((record) => record.partition)).toEqual(Array.from({ length: PARTITIONS }, (_, p) => p))
    const ids = one.map((record) => String(record.headers?.['ce_id']))
    expect(new Set(ids).size).toBe(PARTITIONS)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(tickRecords(NOON, codec)).toEqual(one)
    expect(tickRecords(NOON + QUARTER_MS, codec)[0]?.headers?.['ce_id']).not.toBe(ids[0])
    expect(codec.decodeEvent(one[3]?.value ?? null)).toMatchObject({
      type: 'Tick',
      data: { instant: NOON, tenantId: '~', aggregateType: 'clock', aggregateVersion: null },
    })
  })

  it.each([
    ['2026-11-23T12:00:00.000Z', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23T12:14:59.999Z', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23T12:15:00.000Z', '2026-11-23T12:15:00.000Z'],
  ])('at %s the last is %s', (now, expected) => {
    expect(new Date(lastQuarter(Date.parse(now))).toISOString()).toBe(expected)
  })

  it('are sent at start for the last quarter-hour, and again only when the next one has come, also after a failure', async () => {
    const broker = new MemoryBroker()
    for (const spec of CATALOGUE) broker.createTopic(spec.name, spec.partitions, spec.config)
    const kafka = new MemoryKafka(broker)
    let failures = 1
    kafka.onCall = (name, phase) => {
      if (name === 'send' && phase === 'before' && failures-- > 0) throw new Error('no broker')
    }
    let now = NOON + 14 * 60_000 + 59_500
    const began = Date.now()
    const sent: number[] = []
    const clock = new Clock({
      kafka,
      encoder: codec,
      nowMs: () => now + (Date.now() - began),
      log: pino({ level: 'silent' }),
      onTick: (instant) => {
        sent.push(instant)
        if (instant > NOON) clock.stop()
      },
    })
    now -= 900
    await clock.run()
    expect(sent).toEqual([NOON, NOON + QUARTER_MS])
    const { records } = broker.log(TOPICS.events, 9).read(0, { maxRecords: 10 })
    expect(records).toHaveLength(2)
  }, 10_000)
})
