/**
 * R1 at a steady load for some minutes, on a state whose size does not grow: a tenant with enough open invoices is paid
 * before it gets more, and ids are forgotten after a minute. Events are sent on a clock, whatever the workers do.
 * Flat = the memory of the last quarter of the time is within FLAT of that of the second.
 */
import { NODE_FLAGS } from '../../../processors/node-flags.ts'
import type { Admin, KafkaPort, OutputRecord } from '../../../platform/kafka/port.ts'
import { ID_SKEW_MS } from '../../../schemas/rules/accept.ts'
import { generate } from './events.ts'
import { encodeEvent } from './job.ts'
import { createTopics, differences } from './kit.ts'
import { caughtUp, R1Worker, type Run, setupOurs } from './ours.ts'

const RATE = 40_000
const TENANTS = 500
const OPEN_MAX = 200
const HORIZON_MS = 60_000
const WORKERS = 2
const BEAT_MS = 50
const SAMPLE_MS = 10_000
const FLAT = 1.15
const TOPIC = 'r1-soak'
/** The topic is not kept: minutes of it would be gigabytes. */
const TOPIC_CONFIG = {
  'message.timestamp.type': 'LogAppendTime',
  'retention.ms': '180000',
  'segment.bytes': String(64 * 1024 * 1024),
}

export interface SoakParts {
  readonly port: KafkaPort
  readonly admin: Admin
  readonly brokers: readonly string[]
  readonly partitions: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const average = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length)

export async function soak(
  parts: SoakParts,
  {
    minutes,
    say,
    json,
  }: { readonly minutes: number; readonly say: (line: string) => void; readonly json: boolean },
): Promise<boolean> {
  await createTopics(parts.admin, parts.partitions, [TOPIC], TOPIC_CONFIG)
  const events = RATE * 60 * minutes
  // Ids are forgotten here after a minute: an event that says it is older than that, and the skew allowed to sources'
  // clocks, would be late.
  const clock = (): number => Date.now() + ID_SKEW_MS
  const generated = generate({ events, tenants: TENANTS, openMax: OPEN_MAX, clock })
  const run: Run = { ...parts, topic: TOPIC, expected: [] }
  const setup = { ...(await setupOurs(run, 'soak')), idHorizonMs: HORIZON_MS }
  const workers = Array.from(
    { length: WORKERS },
    (_, i) => new R1Worker({ ...setup, transactionalId: `soak-${i}` }),
  )
  say(
    `${RATE.toLocaleString('en-US')} events/s for ${minutes} minutes, ${WORKERS} workers (${NODE_FLAGS.join(' ')})`,
  )
  const samples: number[] = []
  let sending = true
  const sampling = (async () => {
    while (sending) {
      await pause(SAMPLE_MS)
      const reports = await Promise.all(workers.map((one) => one.report()))
      const rss = reports.map(({ rssMb }) => rssMb)
      const applied = reports.reduce((n, one) => n + (one.records['applied'] ?? 0), 0)
      samples.push(rss.reduce((sum, one) => sum + one, 0))
      say(`  ${applied.toLocaleString('en-US').padStart(12)} events, rss ${rss.join(' + ')} MB`)
    }
  })()
  const producer = await parts.port.producer()
  const started = performance.now()
  for (let sent = 0; sent < events; ) {
    const due = Math.min(events, Math.ceil(((performance.now() - started) * RATE) / 1_000))
    const batch: OutputRecord[] = []
    for (; sent < due; sent++) {
      const { value } = generated.events.next() as { value: Parameters<typeof encodeEvent>[0] }
      batch.push({ topic: TOPIC, key: value.tenantId, value: encodeEvent(value) })
    }
    if (batch.length > 0) await producer.send(batch)
    await pause(BEAT_MS)
  }
  const sentMs = performance.now() - started
  await producer.close()
  await caughtUp(run, 'soak', workers)
  const drainedMs = performance.now() - started
  sending = false
  await sampling
  const reports = await Promise.all(workers.map((one) => one.stop()))
  const different = await differences(parts.port, setup.results, parts.partitions, [...generated.results()])
  const quarter = Math.floor(samples.length / 4)
  const [early, last] = [average(samples.slice(quarter, 2 * quarter)), average(samples.slice(-quarter))]
  const flat = quarter > 0 && last <= early * FLAT
  const line = {
    rate: RATE,
    minutes,
    sentPerSecond: Math.round((events / sentMs) * 1_000),
    behindMs: Math.round(drainedMs - sentMs),
    rssEarlyMb: Math.round(early),
    rssLastMb: Math.round(last),
    rssMaxMb: Math.max(...samples),
    flat,
    equal: different === 0,
    checkpoints: reports.reduce((n, one) => n + one.checkpoints, 0),
    commits: reports.reduce((n, one) => n + one.commits, 0),
  }
  if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
  else
    say(
      `sent ${line.sentPerSecond} events/s; memory ${line.rssEarlyMb} MB in the second quarter, ${line.rssLastMb} MB in ` +
        `the last, ${line.rssMaxMb} MB at most: ${flat ? 'flat' : 'NOT FLAT'}; ` +
        `results ${different === 0 ? 'equal' : `of ${different} tenants DIFFER`}`,
    )
  return flat && different === 0
}
