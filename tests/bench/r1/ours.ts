/** Our side of R1: worker processes of the ordinary engine, as the local stack starts its processors. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Admin, KafkaPort } from '../../../platform/kafka/port.ts'
import { NODE_FLAGS } from '../../../processors/node-flags.ts'
import type { BenchResult } from './job.ts'
import { createTopics, differences } from './kit.ts'
import type { R1Report, R1Setup } from './worker.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
const STALL_MS = 60_000
/** Half of the default, so that every task checkpoints its state in the middle of so short a run. */
const CHECKPOINT_WORK_MS = 1_500
const POLL_MS = 100

export interface Run {
  readonly port: KafkaPort
  readonly admin: Admin
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
  readonly expected: readonly BenchResult[]
}

export interface Figure {
  readonly eventsPerSecond: number
  /** Tenants whose last result differs from the expected one; the run counts only with 0. */
  readonly different: number
}

export interface OurFigure extends Figure {
  readonly checkpoints: number
  readonly checkpointBytes: number
  readonly commits: number
  readonly workers: readonly R1Report[]
}

export class R1Worker {
  readonly #child: ChildProcess
  #said = ''
  #complained = ''

  constructor(setup: R1Setup) {
    this.#child = spawn(
      process.execPath,
      [...NODE_FLAGS, '--disable-warning=ExperimentalWarning', WORKER, JSON.stringify(setup)],
      // Its end of stdin tells a worker that we are gone.
      { stdio: ['pipe', 'pipe', 'pipe'] },
    )
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complained = (this.#complained + chunk.toString()).slice(-4_000)
    })
  }

  check(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new Error(`a worker ended before its time: ${this.#complained}`)
  }

  /** What it counted until now. */
  async report(): Promise<R1Report> {
    const before = this.#said.length
    this.#child.kill('SIGUSR2')
    while (!this.#said.slice(before).includes('\n')) {
      this.check()
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return lastReport(this.#said)
  }

  /** As a crash. */
  kill9(): void {
    this.#child.kill('SIGKILL')
  }

  async stop(): Promise<R1Report> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await ended
    return lastReport(this.#said)
  }
}

function lastReport(said: string): R1Report {
  const line = said
    .trim()
    .split('\n')
    .findLast((one) => one.includes('"report"'))
  if (line === undefined) throw new Error('a worker ended without its report')
  return (JSON.parse(line) as { report: R1Report }).report
}

/** Topics and identities of one run of ours; nothing of an earlier one is met. */
export async function setupOurs(run: Run, name: string): Promise<Omit<R1Setup, 'transactionalId'>> {
  const [results, late, checkpoints] = [`${name}.out`, `${name}.late`, `${name}.checkpoints`]
  const letters = [`${run.topic}.dlq`, `${results}.dlq`]
  await createTopics(run.admin, run.partitions, [results, late, ...letters])
  const compacted = { 'cleanup.policy': 'compact', 'segment.bytes': String(32 * 1024 * 1024) }
  await createTopics(run.admin, run.partitions, [checkpoints], compacted)
  const checkpointWorkMs = CHECKPOINT_WORK_MS
  return {
    brokers: run.brokers,
    events: run.topic,
    results,
    checkpoints,
    late,
    groupId: name,
    checkpointWorkMs,
  }
}

export async function caughtUp(run: Run, groupId: string, workers: readonly R1Worker[]): Promise<void> {
  const partitions = Array.from({ length: run.partitions }, (_, p) => p)
  const ends = await run.admin.bounds(run.topic, partitions)
  let best = -1
  for (let sinceMs = performance.now(); ; ) {
    for (const worker of workers) worker.check()
    const committed = await run.admin.committed(groupId, run.topic, partitions, 2_000).catch(() => undefined)
    if (committed?.every(({ offset }, p) => offset >= (ends[p]?.high ?? 0))) return
    const sum = committed?.reduce((n, { offset }) => n + offset, 0) ?? best
    if (sum > best) [best, sinceMs] = [sum, performance.now()]
    if (performance.now() - sinceMs > STALL_MS) throw new Error(`nothing was committed for ${STALL_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** From the first record that any worker touched to the last commit of any. */
export async function measureOurs(run: Run, name: string, workers: number): Promise<OurFigure> {
  const setup = await setupOurs(run, name)
  const running = Array.from(
    { length: workers },
    (_, i) => new R1Worker({ ...setup, transactionalId: `${name}-${i}` }),
  )
  await caughtUp(run, name, running)
  const reports = await Promise.all(running.map((one) => one.stop()))
  const sum = (of: (report: R1Report) => number): number => reports.reduce((n, one) => n + of(one), 0)
  const firstMs = Math.min(...reports.map(({ firstMs: first }) => first ?? Number.POSITIVE_INFINITY))
  const lastMs = Math.max(...reports.map(({ lastCommitMs }) => lastCommitMs))
  const applied = sum(({ records }) => records['applied'] ?? 0)
  return {
    eventsPerSecond: Math.round((applied / (lastMs - firstMs)) * 1_000),
    different: await differences(run.port, setup.results, run.partitions, run.expected),
    checkpoints: sum((one) => one.checkpoints),
    checkpointBytes: sum((one) => one.checkpointBytes),
    commits: sum((one) => one.commits),
    workers: reports,
  }
}
