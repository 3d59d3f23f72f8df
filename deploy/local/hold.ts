/**
 * Owns holding a part: while a verb works on what the part owns, the supervisor stops it and does not start it again.
 * The wish is a file in the data folder, and SIGHUP makes the supervisor look. Refuses: outliving the verb; a wish whose
 * process is gone counts for nothing, so a verb that is killed leaves a running part behind, not a stopped one.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { StackError } from './errors.ts'
import type { DataLayout } from './paths.ts'
import { identityOf, isAlive, signalIfAlive } from './processes.ts'
import { type PartState, readState, supervisorAlive } from './state.ts'

const wishSchema = z.object({
  parts: z.array(z.string()),
  holder: z.object({ pid: z.number(), startTime: z.string() }),
})
export type Wish = z.infer<typeof wishSchema>

const CHECK_EVERY_MS = 150
const STOP_MS = 60_000
const DOWN: ReadonlySet<string> = new Set(['stopped', 'failed'])

const fileOf = (layout: DataLayout): string => join(layout.root, 'hold.json')

/** What the file says, whether or not its process lives. */
export const readWish = (layout: DataLayout): Wish | undefined => {
  try {
    const parsed = wishSchema.safeParse(JSON.parse(readFileSync(fileOf(layout), 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

export const heldParts = (layout: DataLayout): ReadonlySet<string> => {
  const wish = readWish(layout)
  return new Set(wish !== undefined && isAlive(wish.holder) ? wish.parts : [])
}

/** Takes away a wish whose process is gone; true when there was one. */
export const dropOrphanedWish = (layout: DataLayout): boolean => {
  const wish = readWish(layout)
  if (wish === undefined || isAlive(wish.holder)) return false
  rmSync(fileOf(layout), { force: true })
  return true
}

const writeWish = (layout: DataLayout, wish: Wish): void => {
  const temporary = `${fileOf(layout)}.${process.pid}.new`
  writeFileSync(temporary, `${JSON.stringify(wish)}\n`)
  renameSync(temporary, fileOf(layout))
}

const ask = (layout: DataLayout): void => {
  const state = readState(layout.state)
  if (supervisorAlive(state)) signalIfAlive(state.supervisor, 'SIGHUP')
}

const until = async (
  layout: DataLayout,
  name: string,
  ms: number,
  reached: (part: PartState) => boolean,
): Promise<void> => {
  const deadline = Date.now() + ms
  for (;;) {
    const state = readState(layout.state)
    const part = state?.parts.find((candidate) => candidate.name === name)
    if (!supervisorAlive(state) || part === undefined)
      throw new StackError(
        'STACK_ENDED',
        `The stack ended, or has no ${name}.`,
        'Start it: ./nikash up --detach',
      )
    if (reached(part)) return
    if (Date.now() > deadline)
      throw new StackError(
        'PART_STUCK',
        `${name} is ${part.status} after ${ms / 1_000} s${part.detail === '' ? '' : ` (${part.detail})`}.`,
        `See ./nikash logs ${name} and ./nikash logs supervisor.`,
      )
    await sleep(CHECK_EVERY_MS)
  }
}

/** Does the work while the part is stopped, and starts it again whatever becomes of the work. */
export const whileHeld = async <T>(layout: DataLayout, name: string, work: () => Promise<T>): Promise<T> => {
  const other = readWish(layout)
  if (other !== undefined && isAlive(other.holder))
    throw new StackError(
      'PART_HELD',
      `${other.parts.join(', ')} is held by another command (pid ${other.holder.pid}).`,
      'Wait for its end, or end it.',
    )
  const holder = identityOf(process.pid)
  if (holder === undefined) throw new Error('this process has no identity')
  writeWish(layout, { parts: [name], holder })
  try {
    ask(layout)
    await until(layout, name, STOP_MS, (part) => part.pid === null && DOWN.has(part.status))
    return await work()
  } finally {
    rmSync(fileOf(layout), { force: true })
    ask(layout)
  }
}
