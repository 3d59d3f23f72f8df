/**
 * Owns the way to the chdb engine: its native addon, typed. Refuses: an addon that lacks a function we use (a clear
 * error at the start instead of `undefined is not a function` in a query).
 *
 * The addon and not chdb's Session class, for three things that Session hides: rows written by any statement, the
 * engine's own classification of a text (how many statements, of which class), and a connection that we can close
 * when its last query is really over.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export type Handle = object

export interface NativeRead {
  readonly bytes: Buffer
  /** Seconds. */
  readonly elapsed: number
  /** Rows of the result (not of the storage). */
  readonly rowsRead: number
  readonly bytesRead: number
}

export interface NativeWrite {
  readonly elapsed: number
  /** Rows written, those of dependent materialized views included. */
  readonly rowsWritten: number
  readonly bytesWritten: number
}

/** How restricted a statement is, by the engine's own parser. */
export const StatementClass = {
  /** SELECT, SHOW, DESCRIBE, EXPLAIN. */
  ReadOnly: 0,
  /** INSERT and DDL. */
  Mutating: 1,
  /** Users, functions, writes to `system`. */
  MutatingGlobal: 2,
  /** SET, USE, SYSTEM, KILL, INTO OUTFILE, ... */
  Control: 3,
  /** Did not parse. */
  Unknown: 4,
} as const

export interface Classified {
  readonly statementCount: number
  readonly queryClass: number
}

export interface StreamChunk {
  readonly done: boolean
  readonly bytes: Buffer
  readonly numRows: number
}

export interface Native {
  CreateConnection(path: string, args?: readonly string[]): Handle | null
  CloseConnection(handle: Handle): void
  QueryAsyncConnection(handle: Handle, sql: string, format: string): Promise<NativeRead>
  InsertRawAsyncConnection(
    handle: Handle,
    prefix: string,
    data: Buffer,
    countLines: boolean,
  ): Promise<NativeWrite>
  DurableClassifyAsync(handle: Handle, sql: string, database: string | null): Promise<Classified>
  StreamQuery(handle: Handle, sql: string, format: string): Handle
  StreamFetch(stream: Handle): Promise<StreamChunk>
  StreamCancel(stream: Handle): void
}

const NEEDED = [
  'CreateConnection',
  'CloseConnection',
  'QueryAsyncConnection',
  'InsertRawAsyncConnection',
  'DurableClassifyAsync',
  'StreamQuery',
  'StreamFetch',
  'StreamCancel',
] as const

export function loadNative(): Native {
  const require = createRequire(import.meta.url)
  // The loader picks the package of this platform; chdb does not export it, so it is found beside its package.json.
  const home = dirname(require.resolve('chdb/package.json'))
  const { loadNative: load } = require(join(home, 'dist', 'loader.js')) as { loadNative: () => unknown }
  const addon = load() as Partial<Record<string, unknown>>
  const missing = NEEDED.filter((name) => typeof addon[name] !== 'function')
  if (missing.length > 0) {
    throw new Error(
      `the installed chdb addon lacks ${missing.join(', ')}: run npm install to get the pinned chdb`,
    )
  }
  return addon as unknown as Native
}
