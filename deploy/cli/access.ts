/**
 * Owns how a verb finds the stack it is about: `--data`, else .nikash/data of this clone, else (when nothing runs there)
 * the folder of the last `up`. Refuses: guessing ports; they come from the state file that the supervisor wrote.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inheritedFrom } from '../local/environment.ts'
import { StackError } from '../local/errors.ts'
import type { StackContext } from '../local/part.ts'
import { CURRENT_POINTER, type DataLayout, DEFAULT_DATA_DIR, HOME_DIR, layoutOf } from '../local/paths.ts'
import { portsFor, urlsFor } from '../local/ports.ts'
import { loadSecrets } from '../local/secrets.ts'
import { readState, type StackState, supervisorAlive } from '../local/state.ts'

export type DataOption = { readonly data?: string }

export type StackAccess = {
  readonly layout: DataLayout
  readonly state: StackState
  readonly running: boolean
  readonly context: StackContext
}

export const dataDirOf = (option: DataOption): string => {
  if (option.data !== undefined) return resolve(option.data)
  const runs = (folder: string) => supervisorAlive(readState(layoutOf(folder).state))
  if (!runs(DEFAULT_DATA_DIR) && existsSync(CURRENT_POINTER)) {
    const current = readFileSync(CURRENT_POINTER, 'utf8').trim()
    if (runs(current)) return current
  }
  return DEFAULT_DATA_DIR
}

export const rememberDataDir = (dataDir: string): void => {
  mkdirSync(HOME_DIR, { recursive: true })
  writeFileSync(CURRENT_POINTER, `${dataDir}\n`)
}

/** The stack, running or not; undefined when this data folder never had one. */
export const findStack = (option: DataOption): StackAccess | undefined => {
  const layout = layoutOf(dataDirOf(option))
  const state = readState(layout.state)
  if (state === undefined || !existsSync(layout.secrets)) return undefined
  const secrets = loadSecrets(layout.secrets)
  const ports = portsFor(state.portBase)
  const context: StackContext = {
    layout,
    ports,
    secrets,
    urls: urlsFor(ports, secrets),
    speed: state.speed,
    canarySeconds: state.canarySeconds,
    inherited: inheritedFrom(process.env),
  }
  return { layout, state, running: supervisorAlive(state), context }
}

export const notRunning = (layout: DataLayout): StackError =>
  new StackError(
    'NOT_RUNNING',
    `No stack is running on ${layout.root}.`,
    'Start it with ./nikash up --detach (or name its folder with --data DIR).',
  )

/** The running stack; a verb that needs one ends with exit code 3 when there is none. */
export const openStack = (option: DataOption): StackAccess => {
  const found = findStack(option)
  if (found === undefined || !found.running) throw notRunning(layoutOf(dataDirOf(option)))
  return found
}
