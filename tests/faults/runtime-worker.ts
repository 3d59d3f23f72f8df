/** A worker with the toy topologies as a process of its own, for tests that kill it. Configured by one JSON argument. */
import { openKafka } from '../../platform/kafka/kafkajs/port.ts'
import { parseFailpoint } from '../../processors/runtime/failpoints.ts'
import { TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { DEFAULTS, type RuntimeOptions } from '../../processors/runtime/options.ts'
import type { RuntimeTopics } from '../../processors/runtime/topics.ts'
import { Worker } from '../../processors/runtime/worker.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import { openRegistry } from '../../schemas/registry.ts'
import { toys } from '../topology/runtime/toy.ts'

export interface WorkerSetup {
  readonly brokers: readonly string[]
  readonly topics: RuntimeTopics
  readonly alerts: string
  readonly history: string
  readonly groupId: string
  readonly transactionalId: string
  readonly failpoint?: string
  /** Seat of a static member. */
  readonly instanceId?: string
  /** Fetches schemas there; without it all are known. */
  readonly registryUrl?: string
  readonly options?: Partial<RuntimeOptions>
}

const setup = JSON.parse(process.argv[2] ?? '') as WorkerSetup
const say = (facts: object, message: string): void => {
  const { err, ...rest } = facts as { readonly err?: Error }
  process.stdout.write(`${message} ${JSON.stringify(rest)} ${err?.message ?? ''}\n`)
}
const log = { debug() {}, info: say, warn: say, error: say }
const { giveUpMs } = DEFAULTS
const port = openKafka({
  brokers: setup.brokers,
  clientId: 'runtime-test',
  log: log as never,
  retryMs: giveUpMs,
})
const worker = new Worker({
  port,
  topologies: toys(setup),
  codec: setup.registryUrl
    ? new RecordCodec(openRegistry(setup.registryUrl, { tries: 2, pauseMs: 100 }))
    : {
        decodeEvent: (bytes) => TEST_CODEC.decodeEvent(bytes),
        wants: () => undefined,
        prepare: () => Promise.resolve(false),
      },
  options: {
    groupId: setup.groupId,
    transactionalId: setup.transactionalId,
    instanceId: setup.instanceId,
    topics: setup.topics,
    sessionTimeoutMs: 2_500,
    transactionTimeoutMs: 2_000,
    fenceAfterMs: 300,
    busyIntervalMs: 20,
    checkpointWorkMs: 20,
    ...setup.options,
  },
  log,
  failpoint: parseFailpoint(setup.failpoint ?? 'cut:1000000', () => process.kill(process.pid, 'SIGKILL')),
  onFatal: (error) => {
    process.stdout.write(`fatal ${String(error)}\n`)
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
process.stdout.write('started\n')
