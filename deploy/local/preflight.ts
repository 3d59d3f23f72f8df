/**
 * Owns what has to be true before a stack starts: the data folder is ours and of this layout, there is room, no stale
 * process of ours runs, the ports are free. Refuses: repairing by deleting data.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { StackError } from './errors.ts'
import { type DataLayout, LAYOUT_VERSION } from './paths.ts'
import type { Part } from './part.ts'
import {
  identityOf,
  isAlive,
  isPortOpen,
  markedProcesses,
  portOwner,
  stackOf,
  stopProcess,
} from './processes.ts'
import { readState, type StackState, supervisorAlive } from './state.ts'

export const FREE_BYTES_MIN = 2 * 1024 ** 3
const SUPERVISOR_STOP_MS = 90_000
const PART_STOP_MS = 20_000

export const openDataFolder = (layout: DataLayout): void => {
  mkdirSync(layout.root, { recursive: true })
  if (!existsSync(layout.version)) {
    const others = readdirSync(layout.root).filter((name) => !name.startsWith('.'))
    if (others.length > 0 && !others.every((name) => ['logs', 'supervisor.lock'].includes(name))) {
      throw new StackError(
        'NOT_A_DATA_FOLDER',
        `${layout.root} is not empty and has no VERSION file, so it is not a data folder of Nikash.`,
        'Choose an empty folder with --data DIR, or delete this one if nothing in it is needed.',
      )
    }
    writeFileSync(layout.version, `${LAYOUT_VERSION}\n`)
  }
  const version = readFileSync(layout.version, 'utf8').trim()
  if (version !== LAYOUT_VERSION) {
    throw new StackError(
      'OTHER_DATA_VERSION',
      `The data folder ${layout.root} has layout version ${version}; this clone reads version ${LAYOUT_VERSION}.`,
      'Use the Nikash version that wrote it, or another folder (--data DIR), or ./nikash reset to delete its data.',
    )
  }
  // Others may pass through (Postgres runs as another user when we are root) but not look around.
  chmodSync(layout.root, 0o711)
  mkdirSync(layout.logs, { recursive: true, mode: 0o700 })
}

export const freeBytes = (folder: string): number => {
  const stats = statfsSync(folder)
  return stats.bavail * stats.bsize
}

export const checkDiskSpace = (layout: DataLayout): void => {
  const free = freeBytes(layout.root)
  if (free >= FREE_BYTES_MIN) return
  const gigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1)
  throw new StackError(
    'DISK_FULL',
    `Only ${gigabytes(free)} GB are free where ${layout.root} lies; the stack needs ${gigabytes(FREE_BYTES_MIN)} GB.`,
    'Free some space, or put the data elsewhere with --data DIR.',
  )
}

/** Ends every process of this stack that still lives: by the state file, then by the mark in the environment. */
export const stopLeftovers = async (layout: DataLayout, say: (line: string) => void): Promise<number> => {
  const known = readState(layout.state)?.parts ?? []
  const left = new Map<number, { part: string; pid: number; startTime: string; signal: NodeJS.Signals }>()
  for (const part of known) {
    if (part.pid === null || part.startTime === null) continue
    const identity = { pid: part.pid, startTime: part.startTime }
    const signal = part.stopSignal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'
    if (isAlive(identity)) left.set(part.pid, { part: part.name, ...identity, signal })
  }
  for (const marked of markedProcesses(layout.root)) {
    if (marked.pid === process.pid || left.has(marked.pid)) continue
    left.set(marked.pid, { ...marked, signal: marked.part === 'postgres' ? 'SIGINT' : 'SIGTERM' })
  }
  await Promise.all(
    [...left.values()].map(async (process) => {
      say(`stopping ${process.part} (pid ${process.pid}), left over from an earlier run`)
      await stopProcess(process, { signal: process.signal, timeoutMs: PART_STOP_MS })
    }),
  )
  return left.size
}

/** Asks a living supervisor to stop its stack and waits; true when there was one. */
export const stopSupervisor = async (state: StackState | undefined): Promise<boolean> => {
  if (!supervisorAlive(state)) return false
  await stopProcess(state.supervisor, { signal: 'SIGTERM', timeoutMs: SUPERVISOR_STOP_MS })
  return true
}

type TakenPort = {
  readonly port: number
  readonly part: string
  readonly pid?: number
  readonly command?: string
}
const TAKEN_SHOWN_MAX = 3

const describeTaken = ({ port, part, pid, command }: TakenPort): string =>
  `${port} (for ${part}) by ${pid === undefined ? 'a process of another user' : `pid ${pid}: ${command}`}`

export const checkPorts = async (parts: readonly Part[]): Promise<void> => {
  const taken: TakenPort[] = []
  for (const part of parts) {
    if (!part.present) continue
    for (const port of Object.values(part.ports)) {
      if (await isPortOpen(port)) taken.push({ port, part: part.name, ...portOwner(port) })
    }
  }
  if (taken.length === 0) return
  const shown = taken.slice(0, TAKEN_SHOWN_MAX).map(describeTaken)
  const more = taken.length > shown.length ? `; and ${taken.length - shown.length} more` : ''
  const stacks = new Set(taken.flatMap(({ pid }) => (pid === undefined ? [] : [stackOf(pid)])))
  const ours = [...stacks].find((stack) => stack !== undefined)
  const stop =
    ours === undefined ? 'Stop that process' : `That is another stack of ours: ./nikash down --data ${ours}`
  throw new StackError(
    'PORT_TAKEN',
    `Ports are taken: ${shown.join('; ')}${more}.`,
    `${stop}, or use other ports: ./nikash up --port-base 13000`,
  )
}

/** One supervisor per data folder. A lock whose process is gone is taken over. */
export const takeLock = (layout: DataLayout): (() => void) => {
  const own = identityOf(process.pid)
  if (own === undefined) throw new Error('this process has no start time')
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(layout.lock, JSON.stringify(own), { flag: 'wx' })
      return () => rmSync(layout.lock, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = readLock(layout.lock)
      if (holder !== undefined && isAlive(holder)) {
        throw new StackError(
          'ALREADY_RUNNING',
          `Another supervisor (pid ${holder.pid}) works on ${layout.root}.`,
          'See ./nikash status; stop it with ./nikash down.',
        )
      }
      rmSync(layout.lock, { force: true })
    }
  }
  throw new StackError('LOCK_CONTENDED', `Could not take ${layout.lock}.`, 'Run the command again.')
}

const readLock = (file: string): { pid: number; startTime: string } | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startTime: string }
  } catch {
    return undefined
  }
}
