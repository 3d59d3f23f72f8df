/**
 * Owns a running stack: one process that starts the parts in the order of their dependencies, keeps them running and
 * stops them in reverse. Started by `./nikash up`; ends on SIGINT and SIGTERM. Refuses: a second supervisor on the same
 * data folder, and leaving anything behind when a start fails.
 *
 * V1  a part starts when all it depends on are healthy (or absent from this clone).
 * V2  stop order: services, tasks, then the stores by reverse dependency; each gets its own time to end politely.
 * V3  SIGHUP starts whatever is down or newly present, and touches nothing that runs, but for a part that a verb holds
 *     (hold.ts): that one is stopped, and started again when it is let go or when the verb is gone.
 */
import { copyFileSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inheritedFrom } from './environment.ts'
import { dropOrphanedWish, heldParts } from './hold.ts'
import { EXIT, messageOf, StackError } from './errors.ts'
import { logTail, PartRunner } from './part-runner.ts'
import type { Part, StackContext } from './part.ts'
import { partsOf } from './parts/catalogue.ts'
import { layoutOf, logFileOf } from './paths.ts'
import { portsFor, urlsFor } from './ports.ts'
import { checkDiskSpace, checkPorts, openDataFolder, stopLeftovers, takeLock } from './preflight.ts'
import { identityOf } from './processes.ts'
import { loadSecrets } from './secrets.ts'
import { fromArguments, type StackSettings } from './stack-settings.ts'
import { type StackState, writeState } from './state.ts'

const LOG_BYTES_MAX = 32 << 20
const LOG_CHECK_EVERY_MS = 60_000
const PARENT_CHECK_EVERY_MS = 500
const HOLD_CHECK_EVERY_MS = 1_000

const say = (line: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`)
}

const contextOf = (settings: StackSettings, environment: NodeJS.ProcessEnv): StackContext => {
  const layout = layoutOf(settings.data)
  const ports = portsFor(settings.portBase)
  const secrets = loadSecrets(layout.secrets)
  return {
    layout,
    ports,
    secrets,
    urls: urlsFor(ports, secrets),
    speed: settings.speed,
    canarySeconds: settings.canarySeconds,
    inherited: inheritedFrom(environment),
  }
}

/** Reverse dependency order, in groups that may stop at the same time. */
export const stopOrder = (parts: readonly Part[]): string[][] => {
  const groups: string[][] = []
  let left = [...parts]
  while (left.length > 0) {
    const free = left.filter((part) => !left.some((other) => other.dependsOn.includes(part.name)))
    if (free.length === 0)
      throw new Error(`parts depend on each other: ${left.map((part) => part.name).join(', ')}`)
    groups.push(free.map((part) => part.name))
    left = left.filter((part) => !free.includes(part))
  }
  return groups
}

class Supervisor {
  readonly #settings: StackSettings
  readonly #context: StackContext
  readonly #runners = new Map<string, PartRunner>()
  readonly #startedAt = new Date().toISOString()
  #phase: StackState['phase'] = 'starting'
  #error: StackState['error'] = null
  #stopping: Promise<void> | undefined
  #mending: Promise<void> = Promise.resolve()
  #wasUp = false

  constructor(settings: StackSettings, context: StackContext) {
    this.#settings = settings
    this.#context = context
    this.#addParts()
  }

  /** Parts may have come into the clone since the start: absent ones are looked at anew. */
  #addParts(): void {
    for (const part of this.#parts()) {
      const known = this.#runners.get(part.name)
      if (known !== undefined && known.status !== 'absent') continue
      const events = { changed: () => this.writeState(), say }
      this.#runners.set(part.name, new PartRunner(part, this.#context, events))
    }
  }

  #parts(): Part[] {
    return partsOf(this.#context.ports, this.#settings)
  }

  async preflight(): Promise<void> {
    checkDiskSpace(this.#context.layout)
    await stopLeftovers(this.#context.layout, say)
    await checkPorts(this.#parts())
  }

  async startAll(): Promise<void> {
    this.#phase = 'starting'
    this.#error = null
    this.writeState()
    const starts = new Map<string, Promise<void>>()
    const startOf = (name: string): Promise<void> => {
      const runner = this.#runners.get(name)
      if (runner === undefined) return Promise.resolve()
      const known = starts.get(name)
      if (known !== undefined) return known
      const start = this.#startAfter(runner, startOf)
      starts.set(name, start)
      return start
    }
    for (const { part } of this.#runners.values()) {
      // An error is not lost: the part's own start meets it again.
      if (part.present) part.warmUp?.(say).catch(() => undefined)
    }
    // The first failure ends the wait: what else is starting is stopped by the caller.
    await Promise.all([...this.#runners.keys()].map(startOf))
    this.#phase = 'up'
    this.#wasUp = true
    this.writeState()
    say('up')
  }

  async #startAfter(runner: PartRunner, startOf: (name: string) => Promise<void>): Promise<void> {
    const { part } = runner
    await Promise.all(part.dependsOn.map(startOf))
    if (this.#stopping !== undefined) throw new Error('the stack is being stopped')
    if (!['waiting', 'failed', 'stopped', 'done'].includes(runner.status)) return
    if (heldParts(this.#context.layout).has(part.name)) return
    const begun = Date.now()
    try {
      await runner.start()
      say(`${part.name}: ${runner.status} after ${((Date.now() - begun) / 1000).toFixed(1)} s`)
    } catch (error) {
      if (error instanceof StackError || this.#stopping !== undefined) throw error
      const log = logFileOf(this.#context.layout, part.name)
      throw new StackError(
        'PART_FAILED',
        `${part.name} ${messageOf(error)}`,
        `The end of its log (${log}):\n${logTail(log)}`,
        { cause: error },
      )
    }
  }

  /** Starts go one after the other; holding a part does not wait for one, it may be what cannot become healthy. */
  mend(): Promise<void> {
    const held = this.#stopHeld()
    this.#mending = this.#mending.then(() => held).then(() => this.#mend())
    return this.#mending
  }

  async #stopHeld(): Promise<void> {
    // The first start fails as a whole: nothing of it is held.
    if (!this.#wasUp || this.#stopping !== undefined) return
    for (const name of heldParts(this.#context.layout)) {
      const runner = this.#runners.get(name)
      if (runner === undefined || runner.status === 'stopped') continue
      say(`${name}: stopped, a command holds it`)
      await runner.stop()
    }
  }

  /** A verb that was killed must not keep its part down. */
  async mendOrphans(): Promise<void> {
    if (dropOrphanedWish(this.#context.layout)) await this.mend()
  }

  async #mend(): Promise<void> {
    if (this.#phase !== 'up') return
    this.#addParts()
    try {
      await this.startAll()
    } catch (error) {
      say(`not everything could be started: ${messageOf(error)}`)
      this.#phase = 'up'
      this.writeState()
    }
  }

  fail(error: unknown): void {
    const known = error instanceof StackError ? error : undefined
    this.#error = {
      code: known?.code ?? 'UNEXPECTED',
      message: messageOf(error),
      help: known?.help ?? `See ${logFileOf(this.#context.layout, 'supervisor')}.`,
    }
    say(`failed: ${messageOf(error)}`)
  }

  stopAll(): Promise<void> {
    this.#stopping ??= this.#stopInOrder()
    return this.#stopping
  }

  async #stopInOrder(): Promise<void> {
    this.#phase = 'stopping'
    this.writeState()
    const parts = [...this.#runners.values()].map((runner) => runner.part)
    for (const group of stopOrder(parts)) {
      await Promise.all(group.map((name) => this.#runners.get(name)?.stop() ?? Promise.resolve()))
    }
    this.#phase = this.#error === null ? 'stopped' : 'failed'
    this.writeState()
    say(this.#phase)
  }

  writeState(): void {
    const own = identityOf(process.pid)
    writeState(this.#context.layout.state, {
      stack: this.#context.layout.root,
      supervisor: { pid: process.pid, startTime: own?.startTime ?? '' },
      phase: this.#phase,
      startedAt: this.#startedAt,
      portBase: this.#settings.portBase,
      demo: this.#settings.demo,
      speed: this.#settings.speed,
      canarySeconds: this.#settings.canarySeconds,
      error: this.#error,
      parts: [...this.#runners.values()].map((runner) => runner.state()),
    })
  }
}

/** Logs are appended to, so cutting the file is safe; one older generation is kept. */
const boundLogs = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (!name.endsWith('.log') || !existsSync(file) || statSync(file).size < LOG_BYTES_MAX) continue
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
  }
}

const watchParent = (parent: number, onEnd: () => void): void => {
  const identity = identityOf(parent)
  const timer = setInterval(() => {
    if (identity !== undefined && identityOf(parent)?.startTime === identity.startTime) return
    clearInterval(timer)
    onEnd()
  }, PARENT_CHECK_EVERY_MS)
  timer.unref()
}

const main = async (): Promise<number> => {
  const settings = fromArguments(process.argv.slice(2))
  const layout = layoutOf(settings.data)
  // What the parts write is nobody else's business; children inherit this.
  process.umask(0o077)
  openDataFolder(layout)
  const releaseLock = takeLock(layout)
  const supervisor = new Supervisor(settings, contextOf(settings, process.env))
  let stopAsked = false
  let ended: () => void = () => undefined
  const end = new Promise<void>((resolve) => {
    ended = resolve
  })
  const stop = (reason: string) => {
    if (!stopAsked) say(`stopping: ${reason}`)
    stopAsked = true
    void supervisor.stopAll().then(ended)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop(name))
  process.on('SIGHUP', () => void supervisor.mend())
  if (settings.parent > 0) watchParent(settings.parent, () => stop('the process that started it is gone'))
  setInterval(() => boundLogs(layout.logs), LOG_CHECK_EVERY_MS).unref()
  setInterval(() => void supervisor.mendOrphans(), HOLD_CHECK_EVERY_MS).unref()
  let exitCode: number = EXIT.fine
  const keepAlive = setInterval(() => undefined, 1 << 30)
  try {
    await supervisor.preflight()
    await supervisor.startAll()
  } catch (error) {
    if (!stopAsked) {
      exitCode = EXIT.partDown
      supervisor.fail(error)
      stop('the start failed')
    }
  }
  await end
  clearInterval(keepAlive)
  releaseLock()
  return exitCode
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exit(await main())
}
