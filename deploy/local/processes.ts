/**
 * Owns what we know about operating system processes: which are ours, whether they live, who holds a port, and how
 * they end. Refuses: ending a process that it can't prove to be ours.
 *
 * O1  a process is named by pid *and* start time; a pid alone is reused by the system.
 * O2  every child carries NIKASH_STACK (its data folder) and NIKASH_PART in its environment; that mark finds children
 *     that were started but never written to the state file.
 * O3  every child leads its own process group, so that what it started ends with it.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type ProcessIdentity = { readonly pid: number; readonly startTime: string }
export const STACK_MARK = 'NIKASH_STACK'
export const PART_MARK = 'NIKASH_PART'

const hasProcFs = process.platform === 'linux'

const readOrUndefined = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Start time in clock ticks since boot on Linux, a date elsewhere; undefined when the process is gone or a zombie. */
export const startTimeOf = (pid: number): string | undefined => {
  if (hasProcFs) {
    const stat = readOrUndefined(`/proc/${pid}/stat`)
    if (stat === undefined) return undefined
    // The command (field 2) may hold spaces and parentheses: count fields after its last ")".
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  try {
    const line = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return line === '' ? undefined : line
  } catch {
    return undefined
  }
}

export const identityOf = (pid: number): ProcessIdentity | undefined => {
  const startTime = startTimeOf(pid)
  return startTime === undefined ? undefined : { pid, startTime }
}

export const isAlive = (identity: ProcessIdentity): boolean =>
  startTimeOf(identity.pid) === identity.startTime

export const commandLineOf = (pid: number): string => {
  if (hasProcFs) return (readOrUndefined(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

/** Resident memory in kilobytes, of one process. Shared pages count in each process that maps them. */
export const residentKb = (pid: number): number => {
  const status = hasProcFs ? readOrUndefined(`/proc/${pid}/status`) : undefined
  const match = status === undefined ? null : /^VmRSS:\s+(\d+) kB/m.exec(status)
  return match?.[1] === undefined ? 0 : Number(match[1])
}

export type MarkedProcess = ProcessIdentity & { readonly part: string }

/** Children of a stack by their mark, whether or not the state file knows them. Linux only; empty elsewhere. */
export const markedProcesses = (stackDir: string): MarkedProcess[] => {
  if (!hasProcFs) return []
  const found: MarkedProcess[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const environment = readOrUndefined(`/proc/${entry}/environ`)
    if (environment === undefined) continue
    const variables = environment.split('\0')
    if (!variables.includes(`${STACK_MARK}=${stackDir}`)) continue
    const part = variables.find((variable) => variable.startsWith(`${PART_MARK}=`))
    const identity = identityOf(Number(entry))
    if (part === undefined || identity === undefined) continue
    found.push({ ...identity, part: part.slice(PART_MARK.length + 1) })
  }
  return found
}

/** The process group of a process, which is the pid of the child that leads it (O3). */
export const groupOf = (pid: number): number | undefined => {
  const stat = hasProcFs ? readOrUndefined(`/proc/${pid}/stat`) : undefined
  if (stat === undefined) return undefined
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
}

/** The data folder of the stack that a process belongs to. */
export const stackOf = (pid: number): string | undefined => {
  const environment = hasProcFs ? readOrUndefined(`/proc/${pid}/environ`) : undefined
  const mark = environment?.split('\0').find((variable) => variable.startsWith(`${STACK_MARK}=`))
  return mark?.slice(STACK_MARK.length + 1)
}

const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

export const signalIfAlive = (identity: ProcessIdentity, name: NodeJS.Signals): boolean =>
  isAlive(identity) && signal(identity.pid, name)

export const waitForEnd = async (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> => {
  const deadline = Date.now() + timeoutMs
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false
    await sleep(50)
  }
  return true
}

export type StopOptions = { readonly signal: NodeJS.Signals; readonly timeoutMs: number }

/** Asks politely, waits, then kills the whole group. True when the process ended by itself. */
export const stopProcess = async (identity: ProcessIdentity, options: StopOptions): Promise<boolean> => {
  signalIfAlive(identity, options.signal)
  const polite = await waitForEnd(identity, options.timeoutMs)
  if (!polite) {
    signalIfAlive(identity, 'SIGKILL')
    await waitForEnd(identity, 5_000)
  }
  // Whatever the child left in its group (it led one, O3) has no owner any more.
  signal(-identity.pid, 'SIGKILL')
  return polite
}

export const isPortOpen = (port: number, timeoutMs = 1_000): Promise<boolean> =>
  new Promise((resolvePort) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    const finish = (open: boolean) => {
      socket.destroy()
      resolvePort(open)
    }
    socket.setTimeout(timeoutMs, () => finish(false))
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })

/** The socket inode that listens on a TCP port, from the kernel's table. */
const listeningInode = (port: number): string | undefined => {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (readOrUndefined(table) ?? '').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(wanted) === true && fields[3] === '0A') return fields[9]
    }
  }
  return undefined
}

/** A descriptor may close between the listing and the look (that of the listing itself always does): the next ones still count. */
const holdsSocket = (pid: string, socket: string): boolean => {
  const target = (descriptor: string): string | undefined => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`)
    } catch {
      return undefined
    }
  }
  try {
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => target(descriptor) === socket)
  } catch {
    // The process ended while we looked, or belongs to another user.
    return false
  }
}

/** Who listens on a port, as far as this user may see it: `pid 123 (java -Xmx512m ...)`. */
export const portOwner = (port: number): { pid: number; command: string } | undefined => {
  if (!hasProcFs) return undefined
  const inode = listeningInode(port)
  if (inode === undefined || inode === '0') return undefined
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || !holdsSocket(entry, `socket:[${inode}]`)) continue
    return { pid: Number(entry), command: commandLineOf(Number(entry)).slice(0, 120) }
  }
  return undefined
}
