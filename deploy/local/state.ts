/**
 * Owns the state file of a stack: which supervisor, which parts, since when. Written by the supervisor alone, read by
 * every verb. Refuses: being the truth about what lives; a reader checks pid and start time (processes.ts, O1).
 *
 * T1  written whole by rename: a reader never sees half a file.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { isAlive } from './processes.ts'

export const PART_STATUSES = [
  'waiting',
  'starting',
  'healthy',
  'done',
  'restarting',
  'failed',
  'stopped',
  'absent',
] as const

const partSchema = z.object({
  name: z.string(),
  kind: z.enum(['store', 'task', 'service']),
  status: z.enum(PART_STATUSES),
  version: z.string(),
  pid: z.number().nullable(),
  startTime: z.string().nullable(),
  startedAt: z.string().nullable(),
  restarts: z.number(),
  ports: z.record(z.string(), z.number()),
  log: z.string(),
  detail: z.string(),
  stopSignal: z.string(),
})
const stateSchema = z.object({
  stack: z.string(),
  supervisor: z.object({ pid: z.number(), startTime: z.string() }),
  phase: z.enum(['starting', 'up', 'stopping', 'stopped', 'failed']),
  startedAt: z.string(),
  portBase: z.number(),
  demo: z.boolean(),
  speed: z.number(),
  canarySeconds: z.number().default(0),
  error: z.object({ code: z.string(), message: z.string(), help: z.string() }).nullable(),
  parts: z.array(partSchema),
})
export type PartStatus = (typeof PART_STATUSES)[number]
export type PartState = z.infer<typeof partSchema>
export type StackState = z.infer<typeof stateSchema>

export const writeState = (file: string, state: StackState): void => {
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(temporary, file)
}

/** Undefined when there is none, or when it is not one of ours. */
export const readState = (file: string): StackState | undefined => {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

export const supervisorAlive = (state: StackState | undefined): state is StackState =>
  state !== undefined && isAlive(state.supervisor)
