/**
 * Owns the life of one part: start, health gate, restart after an unexpected end, stop. Refuses: knowing other parts;
 * the supervisor decides the order.
 *
 * R1  a part counts as started only after its own health check answered, never because its process exists.
 * R2  restarts are bounded: RESTARTS_MAX within RESTART_WINDOW_MS, with growing pauses; then the part stays down and
 *     says so.
 * R3  the output goes straight to the log file: no pipe of ours can block or end a part.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { marksOf } from './environment.ts'
import { messageOf, StackError } from './errors.ts'
import { commandFor } from './launcher.ts'
import type { Part, StackContext } from './part.ts'
import { logFileOf } from './paths.ts'
import { groupOf, identityOf, portOwner, type ProcessIdentity, stopProcess } from './processes.ts'
import type { PartState, PartStatus } from './state.ts'

const CHECK_EVERY_MS = 150
const START_ATTEMPTS_MAX = 3
const RESTARTS_MAX = 10
const RESTART_WINDOW_MS = 5 * 60_000
const PAUSE_FIRST_MS = 250
const PAUSE_MAX_MS = 10_000
const LOG_TAIL_LINES = 15
const LOG_TAIL_BYTES = 8_192

export type RunnerEvents = {
  readonly changed: () => void
  readonly say: (line: string) => void
}

type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly reason?: string
}
type Running = { readonly identity: ProcessIdentity; readonly ended: Promise<Ended> }

export const logTail = (file: string): string => {
  try {
    const text = readFileSync(file).subarray(-LOG_TAIL_BYTES).toString('utf8')
    return text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
  } catch {
    return '(no log)'
  }
}

/** Pause before the nth restart in a row: doubles, up to a ceiling. */
export const pauseBeforeRestartMs = (nth: number): number =>
  Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** Math.min(nth, 10))

const describeEnd = (ended: Ended): string =>
  ended.reason ?? (ended.signal === null ? `ended with code ${ended.code}` : `ended by ${ended.signal}`)

export class PartRunner {
  readonly part: Part
  readonly #context: StackContext
  readonly #events: RunnerEvents
  readonly #log: string
  #running: Running | undefined
  #status: PartStatus
  #startedAt: string | null = null
  #detail = ''
  #restarts = 0
  #recentRestarts: number[] = []
  #stop = new AbortController()
  #restarting: Promise<void> = Promise.resolve()

  constructor(part: Part, context: StackContext, events: RunnerEvents) {
    this.part = part
    this.#context = context
    this.#events = events
    this.#log = logFileOf(context.layout, part.name)
    this.#status = part.present ? 'waiting' : 'absent'
  }

  get status(): PartStatus {
    return this.#status
  }

  state(): PartState {
    return {
      name: this.part.name,
      kind: this.part.kind,
      status: this.#status,
      version: this.part.version,
      pid: this.#running?.identity.pid ?? null,
      startTime: this.#running?.identity.startTime ?? null,
      startedAt: this.#startedAt,
      restarts: this.#restarts,
      ports: { ...this.part.ports },
      log: this.#log,
      detail: this.#detail,
      stopSignal: this.part.stopSignal,
    }
  }

  /** Resolves when the part is healthy (a task: when it ended well); rejects when it can't become so. */
  async start(): Promise<void> {
    this.#stop = new AbortController()
    this.#recentRestarts = []
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (this.part.kind === 'task' ? this.#runToEnd() : this.#startOnce())
        return
      } catch (error) {
        await this.#endChild()
        const final =
          error instanceof StackError || this.part.kind === 'task' || attempt >= START_ATTEMPTS_MAX
        if (final || this.#stop.signal.aborted) {
          this.#set('failed', messageOf(error))
          throw error
        }
        await this.#pause(attempt, messageOf(error))
      }
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error(`${this.part.name} is being stopped`))
    await this.#endChild()
    await this.#restarting
    await this.#endChild()
    if (this.#status !== 'absent' && this.#status !== 'done') this.#set('stopped', '')
  }

  async #launch(): Promise<Running> {
    this.#set('starting', '')
    const launch = await this.part.prepare(this.#context, (line) => {
      this.#set('starting', line)
      this.#events.say(`${this.part.name}: ${line}`)
    })
    const env = { ...this.#context.inherited, ...launch.env, ...marksOf(this.#context, this.part.name) }
    const command = await commandFor({ ...launch, env }, this.part.stopSignal)
    this.#stop.signal.throwIfAborted()
    const log = openSync(this.#log, 'a', 0o644)
    // detached: a group of its own, so that Ctrl-C reaches the supervisor alone and it keeps the order.
    const child = spawn(command.file, [...command.args], {
      ...command.options,
      stdio: ['ignore', log, log],
      detached: true,
    })
    closeSync(log)
    const ended = new Promise<Ended>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
      child.once('error', (error) => resolve({ code: null, signal: null, reason: error.message }))
    })
    const identity = child.pid === undefined ? undefined : identityOf(child.pid)
    if (identity === undefined) throw new Error(`could not be started: ${describeEnd(await ended)}`)
    this.#running = { identity, ended }
    this.#startedAt = new Date().toISOString()
    this.#events.changed()
    return this.#running
  }

  async #startOnce(): Promise<void> {
    const running = await this.#launch()
    await this.#waitUntilHealthy(running)
    await this.part.afterHealthy?.(this.#context)
    this.#set('healthy', '')
    void running.ended.then((ended) => {
      if (this.#stop.signal.aborted || this.#running !== running) return
      this.#restarting = this.#restart(describeEnd(ended))
    })
  }

  async #runToEnd(): Promise<void> {
    const running = await this.#launch()
    const ended = await Promise.race([
      running.ended,
      sleep(this.part.healthTimeoutMs, undefined, { ref: false, signal: this.#stop.signal }),
    ])
    if (ended === undefined) throw new Error(`did not finish within ${this.part.healthTimeoutMs / 1000} s`)
    if (ended.code !== 0) throw new Error(describeEnd(ended))
    this.#running = undefined
    this.#set('done', '')
  }

  async #waitUntilHealthy(running: Running): Promise<void> {
    const deadline = Date.now() + this.part.healthTimeoutMs
    let last = 'it was not asked yet'
    while (Date.now() < deadline) {
      this.#stop.signal.throwIfAborted()
      const outcome = await Promise.race([
        running.ended,
        this.part.check(this.#context).then(
          () => 'healthy' as const,
          (error: unknown) => messageOf(error),
        ),
      ])
      if (typeof outcome !== 'string') throw new Error(describeEnd(outcome))
      if (outcome === 'healthy') {
        this.#expectOwnPorts(running)
        return
      }
      last = outcome
      await sleep(CHECK_EVERY_MS, undefined, { signal: this.#stop.signal })
    }
    throw new Error(`was not healthy within ${this.part.healthTimeoutMs / 1000} s (${last})`)
  }

  /** R1: an answer on our port counts only when our process gave it. */
  #expectOwnPorts(running: Running): void {
    for (const port of Object.values(this.part.ports)) {
      const owner = portOwner(port)
      if (owner === undefined || groupOf(owner.pid) === running.identity.pid) continue
      throw new Error(`port ${port} is held by another process, pid ${owner.pid}: ${owner.command}`)
    }
  }

  async #restart(reason: string): Promise<void> {
    let why = reason
    while (!this.#stop.signal.aborted) {
      this.#events.say(`${this.part.name}: ${why}; starting it again`)
      await this.#endChild()
      const now = Date.now()
      this.#recentRestarts = this.#recentRestarts.filter((at) => now - at < RESTART_WINDOW_MS)
      if (this.#recentRestarts.length >= RESTARTS_MAX) {
        this.#set(
          'failed',
          `${why}; gave up after ${RESTARTS_MAX} restarts in ${RESTART_WINDOW_MS / 60_000} minutes`,
        )
        this.#events.say(`${this.part.name}: stays down after ${RESTARTS_MAX} restarts, see ${this.#log}`)
        return
      }
      this.#restarts += 1
      try {
        await this.#pause(this.#recentRestarts.length, why)
        this.#recentRestarts.push(now)
        await this.#startOnce()
        return
      } catch (error) {
        why = messageOf(error)
      }
    }
  }

  async #pause(nth: number, why: string): Promise<void> {
    this.#set('restarting', why)
    await sleep(pauseBeforeRestartMs(nth), undefined, { signal: this.#stop.signal })
  }

  async #endChild(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    await stopProcess(running.identity, { signal: this.part.stopSignal, timeoutMs: this.part.stopTimeoutMs })
  }

  #set(status: PartStatus, detail: string): void {
    this.#status = status
    this.#detail = detail
    this.#events.changed()
  }
}
