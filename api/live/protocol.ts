/**
 * Centrifugo's JSON client protocol, version 2: reading of commands. Owns the shapes, no state. A frame holds one or
 * more commands, one JSON object per line. Unknown fields are ignored, as newer clients send more than older servers know.
 */
import { z } from 'zod'

export const COMMANDS_PER_FRAME_MAX = 64
const TEXT_MAX = 4_096
const CHANNEL_CHARS_MAX = 128

const channel = z.string().min(1).max(CHANNEL_CHARS_MAX)
const commandSchema = z.object({
  id: z.number().int().nonnegative().max(4_294_967_295).optional(),
  connect: z.object({ token: z.string().max(TEXT_MAX).optional() }).optional(),
  subscribe: z
    .object({
      channel,
      recover: z.boolean().optional(),
      offset: z.number().int().nonnegative().optional(),
      epoch: z.string().max(100).optional(),
    })
    .optional(),
  unsubscribe: z.object({ channel }).optional(),
  refresh: z.object({ token: z.string().max(TEXT_MAX) }).optional(),
  ping: z.object({}).optional(),
})

export type Command = z.infer<typeof commandSchema>

/** Methods of the protocol that this server answers with "not available". */
const NOT_OFFERED = [
  'publish',
  'presence',
  'presence_stats',
  'history',
  'rpc',
  'sub_refresh',
  'send',
] as const

export type ReadCommand =
  | { readonly kind: 'pong' }
  | { readonly kind: 'command'; readonly id: number; readonly command: Command }
  | { readonly kind: 'not-offered'; readonly id: number }
  | { readonly kind: 'unknown'; readonly id: number }

const METHODS = ['connect', 'subscribe', 'unsubscribe', 'refresh', 'ping'] as const

/** Undefined = the frame is not of this protocol: the connection is closed as a bad request. */
export function readFrame(text: string): readonly ReadCommand[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0 || lines.length > COMMANDS_PER_FRAME_MAX) return undefined
  const commands: ReadCommand[] = []
  for (const line of lines) {
    const command = readCommand(line)
    if (command === undefined) return undefined
    commands.push(command)
  }
  return commands
}

function readCommand(line: string): ReadCommand | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const keys = Object.keys(value)
  if (keys.length === 0) return { kind: 'pong' }
  const parsed = commandSchema.safeParse(value)
  if (!parsed.success) return undefined
  const command = parsed.data
  const named = METHODS.filter((method) => command[method] !== undefined)
  if (named.length > 1) return undefined
  const id = command.id ?? 0
  if (named.length === 1) return id > 0 ? { kind: 'command', id, command } : undefined
  if (NOT_OFFERED.some((method) => keys.includes(method))) return { kind: 'not-offered', id }
  return id > 0 ? { kind: 'unknown', id } : undefined
}
