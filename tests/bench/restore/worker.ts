/**
 * A processor process of `bench restore`: the finance topologies on the ordinary worker. Says on stdout, as JSON lines,
 * when all its tasks run, and every second how far it is. The schemas are known without a registry.
 */
import { openKafka } from '../../../platform/kafka/kafkajs/port.ts'
import { NO_LOG, type RuntimeLog } from '../../../processors/runtime/log.ts'
import { METRICS, type RuntimeMetrics } from '../../../processors/runtime/metrics.ts'
import { Worker } from '../../../processors/runtime/worker.ts'
import { BLOBS } from './blobs.ts'
import { buildTopologies } from '../../../processors/topologies/index.ts'
import { RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { MemoryRegistry } from '../../../schemas/codec/memory-registry.ts'

export type WorkerLine =
  | {
      readonly ready: number
      /** When it had its partitions, in ms of the wall clock. */
      readonly assigned: number
      readonly replayed: number
      readonly cells: number
      readonly rssMb: number
    }
  | {
      readonly folded: number
      readonly checkpoints: number
      readonly checkpointBytes: number
      readonly rssMb: number
      readonly longestStallMs: number
    }

const [brokers = '', groupId = '', instanceId = '', state = 'books'] = process.argv.slice(2)
const say = (line: WorkerLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const rssMb = (): number => Math.round(process.memoryUsage.rss() / 1048576)
const counts = new Map<string, number>()
const metrics: RuntimeMetrics = {
  count: (name, _labels, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
  gauge: () => undefined,
  observe: () => undefined,
}
const of = (name: string): number => counts.get(name) ?? 0
/** Of all tasks, as their restores tell it. */
const restored = { assigned: 0, replayed: 0, cells: 0 }
const log: RuntimeLog = {
  ...NO_LOG,
  info(fields, message) {
    if (message === 'assigned') restored.assigned ||= performance.timeOrigin + performance.now()
    const { replayed, cells } = fields as { readonly replayed?: number; readonly cells?: number }
    restored.replayed += replayed ?? 0
    restored.cells += cells ?? 0
  },
}

const port = openKafka({ brokers: brokers.split(','), clientId: 'bench-restore' })
const codec = await RecordCodec.open(new MemoryRegistry())
const worker = new Worker({
  port,
  codec,
  topologies: state === 'blobs' ? [BLOBS] : buildTopologies((type, value) => codec.encode(type, value)),
  options: { groupId, transactionalId: `${groupId}-${instanceId}`, instanceId },
  metrics,
  log,
  onFatal: (error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(1)
  },
})

/** The longest time for which the event loop did not turn, since the last line. */
let longestStallMs = 0
let turnedMs = performance.now()
setInterval(() => {
  const now = performance.now()
  longestStallMs = Math.max(longestStallMs, now - turnedMs - 2)
  turnedMs = now
}, 2)

process.stdin.on('end', () => process.exit(1)).resume()
await worker.start()
while (!worker.whole) await new Promise((resolve) => setTimeout(resolve, 2))
say({ ready: performance.timeOrigin + performance.now(), ...restored, rssMb: rssMb() })
setInterval(() => {
  const folded = worker.status().reduce((sum, { offset }) => sum + (offset ?? 0), 0)
  say({
    folded,
    checkpoints: of(METRICS.checkpoints),
    checkpointBytes: of(METRICS.checkpointBytes),
    rssMb: rssMb(),
    longestStallMs: Math.round(longestStallMs),
  })
  longestStallMs = 0
}, 500)
