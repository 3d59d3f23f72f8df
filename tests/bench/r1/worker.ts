/**
 * One process of the reference job: the ordinary worker with the job's topology and codec. Says on stdout, as JSON
 * lines, when it was ready, and at its end what it counted. Ends on SIGTERM.
 */
import { openKafka } from '../../../platform/kafka/kafkajs/port.ts'
import { METRICS, type RuntimeMetrics } from '../../../processors/runtime/metrics.ts'
import { runtimeTopics } from '../../../processors/runtime/topics.ts'
import { Worker } from '../../../processors/runtime/worker.ts'
import { benchCodec, R1 } from './job.ts'

export interface R1Setup {
  readonly brokers: readonly string[]
  readonly events: string
  readonly results: string
  readonly checkpoints: string
  readonly late: string
  readonly groupId: string
  readonly transactionalId: string
  /** A static member of the group: its partitions wait for it. */
  readonly instanceId?: string
  readonly checkpointWorkMs?: number
  readonly idHorizonMs?: number
}

/** What a process did; times in ms of the wall clock. */
export interface R1Report {
  readonly firstMs: number | undefined
  /** When the last commit that held records was through. */
  readonly lastCommitMs: number
  readonly records: Readonly<Record<string, number>>
  readonly commits: number
  readonly aborts: number
  readonly checkpoints: number
  readonly checkpointBytes: number
  readonly foldSeconds: number
  /** Longest time for which the event loop did not turn after the first record. */
  readonly longestStallMs: number
  readonly cpuSeconds: number
  readonly rssMb: number
}

const STALL_BEAT_MS = 2
const setup = JSON.parse(process.argv[2] ?? '{}') as R1Setup
const wallMs = (): number => performance.timeOrigin + performance.now()
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

let firstMs: number | undefined
let lastCommitMs = 0
const counts = new Map<string, number>()
const count = (name: string, by: number): void => void counts.set(name, (counts.get(name) ?? 0) + by)
const of = (name: string): number => counts.get(name) ?? 0
const metrics: RuntimeMetrics = {
  count: (name, labels, by = 1) => count(labels?.['outcome'] ? `records.${labels['outcome']}` : name, by),
  gauge: () => undefined,
  observe(name) {
    count(name, 1)
    if (name === METRICS.commitSeconds) lastCommitMs = wallMs()
  },
}

const report = (): R1Report => ({
  firstMs,
  lastCommitMs,
  records: Object.fromEntries(
    [...counts].flatMap(([name, n]) => (name.startsWith('records.') ? [[name.slice(8), n]] : [])),
  ),
  commits: of(METRICS.commitSeconds),
  aborts: of(METRICS.aborts),
  checkpoints: of(METRICS.checkpoints),
  checkpointBytes: of(METRICS.checkpointBytes),
  foldSeconds: of(METRICS.foldSeconds),
  longestStallMs: Math.round(longestStallMs),
  cpuSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  rssMb: Math.round(process.memoryUsage.rss() / 1048576),
})

let longestStallMs = 0
let turnedMs = performance.now()
setInterval(() => {
  const now = performance.now()
  if (firstMs !== undefined) longestStallMs = Math.max(longestStallMs, now - turnedMs - STALL_BEAT_MS)
  turnedMs = now
}, STALL_BEAT_MS).unref()

const port = openKafka({ brokers: setup.brokers, clientId: 'bench-r1' })
const worker = new Worker({
  port,
  codec: benchCodec(() => {
    firstMs = wallMs()
  }),
  topologies: [R1],
  options: {
    groupId: setup.groupId,
    transactionalId: setup.transactionalId,
    instanceId: setup.instanceId,
    topics: runtimeTopics({
      events: setup.events,
      results: setup.results,
      checkpoints: setup.checkpoints,
      late: setup.late,
    }),
    ...(setup.checkpointWorkMs === undefined ? {} : { checkpointWorkMs: setup.checkpointWorkMs }),
    ...(setup.idHorizonMs === undefined ? {} : { idHorizonMs: setup.idHorizonMs }),
  },
  metrics,
  onFatal: (error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(1)
  },
})
process.stdin.on('end', () => process.exit(1)).resume()
process.once('SIGTERM', () => {
  void worker
    .stop()
    .then(() => port.close())
    .then(() => {
      say({ report: report() })
      process.exit(0)
    })
})
process.on('SIGUSR2', () => say({ report: report() }))
await worker.start()
say({ ready: worker.status().map(({ partition }) => partition) })
