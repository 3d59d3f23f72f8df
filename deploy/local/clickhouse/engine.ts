/**
 * Owns the one chdb engine of this process: its settings, its connections, its memory. One process holds one engine on
 * one data folder; any number of connections share it, each with its own settings, and they run in parallel, each one
 * query at a time on a thread of the libuv pool.
 *
 * E1: a connection runs one query at a time. E2: a connection is closed only when its last query is really over
 *     (closing under one takes the whole engine down). E3: a query that is no longer wanted is ended by KILL from
 *     another connection, found by the connection's tag in `log_comment`.
 * E4: a second process on the same folder is refused: two engines would write over each other.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bounded } from '../../../platform/lifecycle.ts'
import { fromEngine } from './errors.ts'
import { literal, quotedName } from './lexer.ts'
import { lockFolder } from './lock.ts'
import { Streams } from './streams.ts'
import {
  type Classified,
  type Handle,
  loadNative,
  type Native,
  type NativeRead,
  type NativeWrite,
} from './native.ts'

export interface EngineOptions {
  readonly dataDir: string
  readonly memoryMb: number
}

const KILL_MS = 2_000
const NOTHING = Buffer.alloc(0)

const serverConfig = (dataDir: string, memoryMb: number): string => `<clickhouse>
  <timezone>UTC</timezone>
  <max_server_memory_usage>${memoryMb * 1024 * 1024}</max_server_memory_usage>
  <mark_cache_size>${64 * 1024 * 1024}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>0</index_mark_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <tmp_path>${join(dataDir, 'engine-tmp')}/</tmp_path>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <vertical_merge_algorithm_min_rows_to_activate>1000</vertical_merge_algorithm_min_rows_to_activate>
    <max_compress_block_size>${256 * 1024}</max_compress_block_size>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`

/** The statements that give a connection its settings; `readonly` last, since nothing can be set after it. */
export function setup(settings: Readonly<Record<string, string>>, database: string): readonly string[] {
  const { readonly: mode, ...others } = settings
  const pairs = Object.entries(others).map(([name, value]) => `${name} = ${literal(value)}`)
  return [
    `SET ${pairs.join(', ')}`,
    `USE ${quotedName(database)}`,
    ...(mode === undefined ? [] : [`SET readonly = ${literal(mode)}`]),
  ]
}

export class Connection {
  readonly tag: string
  readonly #native: Native
  readonly #handle: Handle
  #running: Promise<unknown> | undefined
  #closed = false

  constructor(native: Native, handle: Handle, tag: string) {
    this.#native = native
    this.#handle = handle
    this.tag = tag
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  read(sql: string, format: string): Promise<NativeRead> {
    return this.#run(() => this.#native.QueryAsyncConnection(this.#handle, sql, format))
  }

  /** Any statement, for the count of rows it wrote. */
  write(sql: string): Promise<NativeWrite> {
    return this.#run(() => this.#native.InsertRawAsyncConnection(this.#handle, sql, NOTHING, false))
  }

  classify(sql: string): Promise<Classified> {
    return this.#run(() => this.#native.DurableClassifyAsync(this.#handle, sql, null))
  }

  async text(sql: string, format = 'TSVRaw'): Promise<string> {
    return (await this.read(sql, format)).bytes.toString('utf8')
  }

  async rows<T>(sql: string): Promise<readonly T[]> {
    const text = await this.text(sql, 'JSONCompactEachRow')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T)
  }

  async #run<T>(start: () => Promise<T>): Promise<T> {
    if (this.#closed || this.#running !== undefined) {
      throw new Error(`connection ${this.tag} is ${this.#closed ? 'closed' : 'running another query'}`)
    }
    const running = start()
    this.#running = running
    try {
      return await running
    } catch (error) {
      throw fromEngine(error)
    } finally {
      this.#running = undefined
    }
  }

  /** E2: now, or when the running query is over. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const end = (): void => this.#native.CloseConnection(this.#handle)
    if (this.#running === undefined) end()
    else void this.#running.then(end, end)
  }

  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }
}

export class Engine {
  readonly version: string
  readonly timezone: string
  readonly uploads: string
  readonly streams: Streams
  readonly #native: Native
  readonly #path: string
  readonly #control: Connection
  readonly #open = new Set<Connection>()
  readonly #unlock: () => void
  #controlTail: Promise<unknown> = Promise.resolve()
  #count = 0

  private constructor(
    native: Native,
    dataDir: string,
    first: Handle,
    facts: readonly [string, string],
    unlock: () => void,
  ) {
    this.#native = native
    this.#path = join(dataDir, 'engine')
    this.#control = new Connection(native, first, 'control')
    this.#unlock = unlock
    this.uploads = join(dataDir, 'uploads')
    this.streams = new Streams(this.#path)
    ;[this.version, this.timezone] = facts
  }

  static async open({ dataDir, memoryMb }: EngineOptions): Promise<Engine> {
    const native = loadNative()
    mkdirSync(dataDir, { recursive: true })
    const unlock = lockFolder(dataDir)
    // What a killed process left of half-received bodies and half-sorted data.
    for (const folder of ['uploads', 'engine-tmp']) {
      rmSync(join(dataDir, folder), { recursive: true, force: true })
      mkdirSync(join(dataDir, folder), { recursive: true })
    }
    const config = join(dataDir, 'engine.xml')
    writeFileSync(config, serverConfig(dataDir, memoryMb))
    const path = join(dataDir, 'engine')
    // The first connection starts the engine; server settings are taken from it alone.
    const first = native.CreateConnection(path, [`--config-file=${config}`])
    if (first === null) throw new Error(`chdb did not open ${path}: see the lines above; is the disk full?`)
    const facts = await native.QueryAsyncConnection(
      first,
      'SELECT version(), timezone()',
      'JSONCompactEachRow',
    )
    const row = JSON.parse(facts.bytes.toString('utf8')) as [string, string]
    return new Engine(native, dataDir, first, row, unlock)
  }

  /** A fresh connection with these settings, in this database. Throws what the engine says about them. */
  async connect(settings: Readonly<Record<string, string>>, database: string): Promise<Connection> {
    const handle = this.#native.CreateConnection(this.#path)
    if (handle === null) throw new Error('chdb gave no connection')
    this.#count += 1
    const connection = new Connection(this.#native, handle, `front-${this.#count}`)
    this.#open.add(connection)
    try {
      const statements = setup({ ...settings, log_comment: connection.tag }, database)
      for (const statement of statements) await connection.read(statement, 'Null')
      return connection
    } catch (error) {
      this.drop(connection)
      throw error
    }
  }

  drop(connection: Connection): void {
    this.#open.delete(connection)
    connection.close()
  }

  /** Statements of the front itself, one after the other on a connection of their own. */
  control<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const result = this.#controlTail.then(() => work(this.#control))
    this.#controlTail = result.catch(() => undefined)
    return result
  }

  /** E3. Asks once; the query ends at its next block of data. */
  async kill(connection: Connection): Promise<void> {
    if (!connection.busy) return
    const where = `Settings['log_comment'] = ${literal(connection.tag)}`
    await this.control((control) => control.read(`KILL QUERY WHERE ${where} ASYNC`, 'Null')).catch(
      () => undefined,
    )
  }

  async close(): Promise<void> {
    const open = [...this.#open]
    await Promise.all(open.map((connection) => this.kill(connection)))
    await bounded('ending queries', KILL_MS, () => Promise.all(open.map((one) => one.settled()))).catch(
      () => undefined,
    )
    for (const connection of open) this.drop(connection)
    await this.streams.close()
    await this.#controlTail
    this.#control.close()
    this.#unlock()
  }
}
