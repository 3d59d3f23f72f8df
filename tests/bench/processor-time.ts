/**
 * Processor time of the parts of a running stack, from the kernel's own books: user and system time of a part's process
 * and of all that came from it (Postgres has a process for each connection). Where there is no /proc there are no figures.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second for everybody, whatever its own clock does. */
const TICK_MS = 10
const COUNTED = ['commands', 'postgres', 'relay', 'kafka'] as const

/** ms so far, by part; parts that a command does not pass are one. */
export type Times = ReadonlyMap<string, number>

interface Process {
  readonly parent: number
  readonly ms: number
}

/** After the name, which may hold blanks and brackets: state, parent, ..., times in the fields 14 to 17. */
export function processOf(stat: string): Process {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
  return { parent: Number(fields[1]), ms: ticks * TICK_MS }
}

function processes(): ReadonlyMap<number, Process> {
  const found = new Map<number, Process>()
  for (const name of existsSync('/proc') ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(name)) continue
    try {
      found.set(Number(name), processOf(readFileSync(`/proc/${name}/stat`, 'utf8')))
    } catch {
      // It ended meanwhile.
    }
  }
  return found
}

function sumOf(root: number, all: ReadonlyMap<number, Process>): number {
  let sum = all.get(root)?.ms ?? 0
  for (const [pid, { parent }] of all) if (parent === root) sum += sumOf(pid, all)
  return sum
}

export function processorTimes(stateFile: string | undefined): Times {
  const times = new Map<string, number>()
  if (stateFile === undefined) return times
  const { parts } = JSON.parse(readFileSync(stateFile, 'utf8')) as {
    parts: readonly { readonly name: string; readonly pid: number | null }[]
  }
  const all = processes()
  for (const { name, pid } of parts) {
    if (pid === null || !all.has(pid)) continue
    const as = COUNTED.find((one) => one === name) ?? 'the rest'
    times.set(as, (times.get(as) ?? 0) + sumOf(pid, all))
  }
  return times
}

/** ms of a core for one of `count`, by part. */
export const perOne = (before: Times, after: Times, count: number): Record<string, number> =>
  Object.fromEntries(
    Array.from(after, ([name, ms]) => [name, Number(((ms - (before.get(name) ?? 0)) / count).toFixed(3))]),
  )
