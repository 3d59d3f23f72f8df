/**
 * Owns `up`: starts a supervisor (or finds the one that runs), shows its progress, and prints how to use the stack.
 * Refuses: being the supervisor; a foreground `up` is its parent, and its end ends the stack.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Listr, type ListrTaskWrapper } from 'listr2'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { logTail } from '../local/part-runner.ts'
import { layoutOf, logFileOf, type DataLayout } from '../local/paths.ts'
import { openDataFolder } from '../local/preflight.ts'
import { isAlive, identityOf, signalIfAlive, type ProcessIdentity } from '../local/processes.ts'
import { type StackSettings, toArguments } from '../local/stack-settings.ts'
import { type PartState, readState, type StackState, supervisorAlive } from '../local/state.ts'
import { dataDirOf, findStack, rememberDataDir } from './access.ts'
import { note } from './output.ts'
import { printWelcome } from './welcome.ts'

export type UpOptions = {
  readonly demo: boolean
  readonly speed: number
  readonly detach: boolean
  readonly data?: string
  readonly portBase: number
  readonly storesOnly: boolean
}

/** Between two rounds of the canary tenant: a round is about 30 KB in all stores together, so 8 MB a day. */
const CANARY_SECONDS = 300
const CANARY_VARIABLE = 'NIKASH_CANARY_SECONDS'

/** 0 = no canary. */
export const canarySecondsOf = (environment: NodeJS.ProcessEnv): number => {
  const written = environment[CANARY_VARIABLE]
  if (written === undefined || written === '') return CANARY_SECONDS
  if (/^\d{1,5}$/.test(written) && Number(written) <= 86_400) return Number(written)
  throw new StackError(
    'WRONG_SETTING',
    `${CANARY_VARIABLE} is ${written}.`,
    'Write the seconds between two rounds of the canary, 1 to 86400, or 0 to have none.',
    { exitCode: EXIT.wrongUse },
  )
}

const POLL_MS = 100
const APPEAR_TIMEOUT_MS = 30_000
const SUPERVISOR = new URL('../local/supervisor.ts', import.meta.url).pathname
const SETTLED = ['healthy', 'done', 'absent']

export const spawnSupervisor = (layout: DataLayout, settings: StackSettings): ProcessIdentity => {
  const log = openSync(logFileOf(layout, 'supervisor'), 'a')
  const child = spawn(
    process.execPath,
    [
      '--max-old-space-size=128',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=TimeoutNegativeWarning',
      SUPERVISOR,
      ...toArguments(settings),
    ],
    { stdio: ['ignore', log, log], detached: true },
  )
  closeSync(log)
  child.unref()
  const identity = child.pid === undefined ? undefined : identityOf(child.pid)
  if (identity === undefined)
    throw new StackError('NO_SUPERVISOR', 'The supervisor could not be started.', 'Try again.')
  return identity
}

export const failureOf = (layout: DataLayout, state: StackState | undefined): StackError => {
  if (state?.error !== undefined && state.error !== null) {
    return new StackError(state.error.code, state.error.message, state.error.help)
  }
  const log = logFileOf(layout, 'supervisor')
  return new StackError(
    'SUPERVISOR_ENDED',
    'The supervisor ended before the stack was up.',
    `${log}:\n${logTail(log)}`,
  )
}

/** The state that this very supervisor wrote; throws when it ended or failed. */
const stateOf = (layout: DataLayout, supervisor: ProcessIdentity): StackState | undefined => {
  const state = readState(layout.state)
  const own = state?.supervisor.pid === supervisor.pid && state.supervisor.startTime === supervisor.startTime
  const current = own ? state : undefined
  if (current?.error !== undefined && current.error !== null) throw failureOf(layout, current)
  if (!isAlive(supervisor)) throw failureOf(layout, current)
  if (current?.phase === 'stopping')
    throw new StackError('STOPPED', 'The stack was stopped.', 'Run up again.')
  return current
}

const waitForParts = async (layout: DataLayout, supervisor: ProcessIdentity): Promise<PartState[]> => {
  const deadline = Date.now() + APPEAR_TIMEOUT_MS
  for (;;) {
    const state = stateOf(layout, supervisor)
    if (state !== undefined && state.parts.length > 0) return state.parts
    if (Date.now() > deadline) throw failureOf(layout, state)
    await sleep(POLL_MS)
  }
}

type Task = ListrTaskWrapper<unknown, never, never>

const followPart = async (
  layout: DataLayout,
  supervisor: ProcessIdentity,
  name: string,
  task: Task,
): Promise<void> => {
  const title = task.title
  let said = ''
  for (;;) {
    const part = stateOf(layout, supervisor)?.parts.find((candidate) => candidate.name === name)
    if (part !== undefined) {
      // Said once: where there is no terminal each assignment is a line of its own.
      if (part.detail !== said && part.status !== 'absent') {
        said = part.detail
        if (said !== '') task.output = said
      }
      if (SETTLED.includes(part.status)) {
        if (part.status === 'absent') task.skip(`${title} (not in this clone)`)
        return
      }
    }
    await sleep(POLL_MS)
  }
}

const showProgress = async (layout: DataLayout, supervisor: ProcessIdentity): Promise<void> => {
  const parts = await waitForParts(layout, supervisor)
  const list = new Listr(
    parts.map((part) => ({
      title: part.name,
      task: (_context: unknown, task) => followPart(layout, supervisor, part.name, task as unknown as Task),
    })),
    {
      concurrent: true,
      exitOnError: true,
      renderer: 'default',
      fallbackRenderer: 'simple',
      // Signals are ours: Ctrl-C has to stop the supervisor first.
      registerSignalListeners: false,
    },
  )
  await list.run()
  while (stateOf(layout, supervisor)?.phase !== 'up') await sleep(POLL_MS)
}

const differences = (state: StackState, options: UpOptions): string[] => {
  const found: string[] = []
  if (state.portBase !== options.portBase)
    found.push(`port base ${state.portBase} instead of ${options.portBase}`)
  if (state.demo !== options.demo)
    found.push(state.demo ? 'with the demo company' : 'without the demo company')
  return found
}

const joinRunning = async (layout: DataLayout, state: StackState, options: UpOptions): Promise<ExitCode> => {
  note(`The stack on ${layout.root} is already running (supervisor pid ${state.supervisor.pid}).`)
  const different = differences(state, options)
  if (different.length > 0)
    note(`It runs ${different.join(' and ')}; to change that: ./nikash down, then up again.`)
  if (state.phase === 'up') signalIfAlive(state.supervisor, 'SIGHUP')
  await sleep(POLL_MS * 3)
  await showProgress(layout, state.supervisor)
  await welcome(options)
  return EXIT.fine
}

const welcome = async (options: UpOptions): Promise<void> => {
  const access = findStack(options)
  if (access !== undefined) await printWelcome(access)
}

/** Waits for the end of a foreground stack; Ctrl-C and friends stop it. */
const untilStopped = async (layout: DataLayout, supervisor: ProcessIdentity): Promise<ExitCode> => {
  while (isAlive(supervisor)) await sleep(POLL_MS)
  const state = readState(layout.state)
  if (state?.phase === 'stopped') return EXIT.fine
  note(`The stack ended unexpectedly; see ${logFileOf(layout, 'supervisor')}.`)
  return EXIT.partDown
}

export const up = async (options: UpOptions): Promise<ExitCode> => {
  const layout = layoutOf(dataDirOf(options))
  openDataFolder(layout)
  const existing = readState(layout.state)
  if (supervisorAlive(existing) && existing.phase !== 'stopping')
    return joinRunning(layout, existing, options)
  const supervisor = spawnSupervisor(layout, {
    data: layout.root,
    portBase: options.portBase,
    demo: options.demo && !options.storesOnly,
    speed: options.speed,
    canarySeconds: canarySecondsOf(process.env),
    storesOnly: options.storesOnly,
    parent: options.detach ? 0 : process.pid,
  })
  let stopping = false
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!stopping) note(`\nStopping the stack (${constants.signals[name] === 2 ? 'Ctrl-C' : name}) ...`)
      stopping = true
      signalIfAlive(supervisor, 'SIGTERM')
    })
  }
  rememberDataDir(layout.root)
  try {
    await showProgress(layout, supervisor)
  } catch (error) {
    while (isAlive(supervisor)) await sleep(POLL_MS)
    if (stopping) return EXIT.fine
    throw error
  }
  await welcome(options)
  if (options.detach) return EXIT.fine
  note('\nCtrl-C stops the stack; its data stays.')
  return untilStopped(layout, supervisor)
}
