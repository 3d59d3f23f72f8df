/** Owns what one request to the engine is, what came of it, and how long it may take. */
import type { Caller } from './auth.ts'
import type { Connection, Engine } from './engine.ts'
import { formatOf } from './lexer.ts'
import type { Asked } from './request.ts'
import type { Statement } from './statement.ts'

export interface Outcome {
  readonly bytes: Buffer
  /** Instead of `bytes`, for a result too large to hold. Has to be read to its end or returned. */
  readonly stream?: AsyncGenerator<Buffer>
  readonly format: string
  readonly elapsedS: number
  readonly resultRows: number
  readonly resultBytes: number
  readonly writtenRows: number
  readonly writtenBytes: number
}

export interface Job {
  readonly caller: Caller
  readonly asked: Asked
  readonly statement: Statement
  /** GET and HEAD change nothing. */
  readonly readOnly: boolean
  readonly signal: AbortSignal
}

const GRACE_MS = 5_000

export async function select(connection: Connection, text: string, defaultFormat: string): Promise<Outcome> {
  const result = await connection.read(text, defaultFormat)
  return {
    bytes: result.bytes,
    format: formatOf(text) ?? defaultFormat,
    elapsedS: result.elapsed,
    resultRows: result.rowsRead,
    resultBytes: result.bytesRead,
    writtenRows: 0,
    writtenBytes: 0,
  }
}

export interface Limit {
  readonly engine: Engine
  readonly connection: Connection
  /** Ends the query when the client is gone; absent for what has to run to its end. */
  readonly signal?: AbortSignal
  readonly seconds: number
}

/** KILL at the limit: the engine's own limit comes first, this one is for what does not look at it. */
export async function limited<T>(limit: Limit, work: () => Promise<T>): Promise<T> {
  const { engine, connection, signal, seconds } = limit
  const kill = (): void => void engine.kill(connection)
  const timer = setTimeout(kill, seconds * 1_000 + GRACE_MS)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    signal?.throwIfAborted()
    return await work()
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
  }
}
