/**
 * A worker with the toy topologies as a process that ends, or stops, at a numbered step: at the n-th time that it is
 * done while work is uncommitted, which is said just before. Configured by one JSON argument.
 */
import { writeSync } from 'node:fs'
import { openKafka } from '../../../platform/kafka/kafkajs/port.ts'
import { RESTORE_STEPS, type Step } from '../../../processors/runtime/steps.ts'
import { Worker } from '../../../processors/runtime/worker.ts'
import { codec } from '../../topology/runtime/toy-codec.ts'
import { toys } from '../../topology/runtime/toy.ts'
import type { WorkerSetup } from '../runtime-worker.ts'

export interface Trap {
  readonly step: Step
  readonly nth: number
  /** SIGSTOP: whoever wakes it up also lets it wait, with its commit, for this long. */
  readonly signal: 'SIGKILL' | 'SIGSTOP'
  readonly holdMs: number
}

const setup = JSON.parse(process.argv[2] ?? '') as WorkerSetup & { readonly trap?: Trap }
const { trap } = setup
const port = openKafka({ brokers: setup.brokers, clientId: 'crash-matrix' })
const line = (facts: object, message: string): void => {
  const { err, ...rest } = facts as { readonly err?: Error }
  writeSync(1, `${message} ${JSON.stringify(rest)} ${err?.message ?? ''}\n`)
}
const PARTITIONS = [0, 1]
/** Steps after which the commit in flight is through. */
const THROUGH: readonly Step[] = ['committed', 'confirmed']

/** What a death now leaves undone, by partition. */
function undone(step: Step): number[] {
  return PARTITIONS.map((partition) => {
    const runner = worker.runner(partition)
    if (runner === undefined) return 0
    if ((RESTORE_STEPS as readonly Step[]).includes(step)) return runner.life.is('restoring') ? 1 : 0
    const waiting = Math.max(0, runner.highWatermark - (runner.task?.offset ?? 0))
    const inflight = THROUGH.includes(step) ? 0 : (runner.inflight?.cut.records ?? 0)
    return (runner.task?.uncut ?? 0) + waiting + inflight
  })
}

let left = trap?.nth ?? 0
const worker = new Worker({
  port,
  topologies: toys(setup),
  codec,
  options: {
    groupId: setup.groupId,
    transactionalId: setup.transactionalId,
    topics: setup.topics,
    sessionTimeoutMs: 2_500,
    transactionTimeoutMs: 2_000,
    fenceAfterMs: 300,
    busyIntervalMs: 20,
    checkpointEveryMs: 50,
  },
  log: { debug() {}, info: line, warn: line, error: line },
  async failpoint(step) {
    if (trap === undefined || step !== trap.step) return
    const work = undone(step)
    // In the cut's own step its records are taken already, and not yet in flight.
    const busy = step === 'frozen' || step === 'encoded' || work.some((records) => records > 0)
    if (!busy || --left !== 0) return
    line({ step, work }, 'trapped')
    process.kill(process.pid, trap.signal)
    await new Promise((resolve) => setTimeout(resolve, trap.holdMs))
  },
  onFatal: (error) => {
    line({ err: error }, 'fatal')
    process.exit(1)
  },
})
process.on('SIGTERM', () => {
  void worker
    .stop()
    .then(() => port.close())
    .then(() => process.exit(0))
})
await worker.start()
line({}, 'started')
