/**
 * Owns running one request on the engine: which connection, which lane, how long, what it counted.
 *
 * X1: writes run one at a time; reads of the writer and reads of analysts have lanes of their own, so that neither
 *     keeps the other out. X2: whatever may change the schema makes the guard read the catalogue anew before the answer
 *     goes out, and no analyst's query starts meanwhile. X3: an INSERT that wrote nothing from data is an error.
 * X4: a reader who hangs up, or a query over its time, ends in the engine too (KILL).
 */
import { Analysts } from './analyst/analysts.ts'
import { Guard } from './analyst/guard.ts'
import { type Connection, type Engine, setup } from './engine.ts'
import { ClickHouseError, noData, readonlyMode, syntaxError } from './errors.ts'
import { type Job, limited, type Outcome, select } from './job.ts'
import { Lanes } from './lanes.ts'
import { formatOf, nextToken } from './lexer.ts'
import { type Classified, StatementClass } from './native.ts'
import { Pool } from './pool.ts'
import type { Asked } from './request.ts'
import { SchemaGate } from './schema-gate.ts'
import { type SessionAsk, Sessions } from './sessions.ts'
import { isStreamable } from './streams.ts'

export interface ExecutorOptions {
  readonly memoryMb: number
  readonly readers: number
  readonly analysts: number
}

const WRITER_SECONDS = 600
/** TOO_MANY_ROWS_OR_BYTES */
const TOO_LARGE = 396
/**
 * A larger result is streamed, or refused when its format can't be. Counted before formatting: as text it may be four
 * times as large, in a buffer that doubles, and that has to stay below the memory of a query or the error is another.
 */
const RESULT_MAX = 48 * 1024 * 1024
const KEY_MAX = 600
const CLASSES_MAX = 2_000
const CLASSED_TEXT_MAX = 8_192

export class Executor {
  readonly #engine: Engine
  readonly #pool: Pool
  readonly #sessions: Sessions
  readonly #guard: Guard
  readonly #gate = new SchemaGate()
  readonly #classes = new Map<string, Classified>()
  /** So that requests that wait for a lane do not each hold a connection. */
  readonly #door: Lanes
  readonly #write: Lanes
  readonly #read: Lanes
  readonly #analysts: Analysts
  readonly #writerSettings: Readonly<Record<string, string>>

  private constructor(engine: Engine, guard: Guard, options: ExecutorOptions) {
    this.#engine = engine
    this.#guard = guard
    this.#pool = new Pool(engine)
    this.#sessions = new Sessions(engine)
    this.#door = new Lanes({ name: 'request', width: 48, queueMax: 1_024, waitMs: 120_000 })
    this.#write = new Lanes({ name: 'write', width: 1, queueMax: 256, waitMs: 120_000 })
    this.#read = new Lanes({ name: 'read', width: options.readers, queueMax: 256, waitMs: 60_000 })
    this.#analysts = new Analysts({
      engine,
      guard,
      gate: this.#gate,
      pool: this.#pool,
      lanes: options.analysts,
    })
    this.#writerSettings = {
      implicit_select: '0',
      max_execution_time: String(WRITER_SECONDS),
      max_memory_usage: String(Math.floor(options.memoryMb * 0.7) * 1024 * 1024),
      max_threads: '2',
      max_result_bytes: String(RESULT_MAX),
      max_bytes_before_external_group_by: String(Math.floor(options.memoryMb * 0.3) * 1024 * 1024),
      max_bytes_before_external_sort: String(Math.floor(options.memoryMb * 0.3) * 1024 * 1024),
      // A quarter of the engine's own: an insert holds a few such blocks.
      min_insert_block_size_bytes: String(64 * 1024 * 1024),
      async_insert: '0',
    }
  }

  static async create(engine: Engine, options: ExecutorOptions): Promise<Executor> {
    return new Executor(engine, await Guard.create(engine), options)
  }

  async run(job: Job): Promise<Outcome> {
    if (job.caller.role === 'analyst') return this.#analysts.run(job, job.caller)
    const leave = await this.#door.enter()
    try {
      return await this.#runWriter(job)
    } finally {
      leave()
    }
  }

  close(): void {
    this.#sessions.closeAll()
    this.#pool.clear(() => true)
  }

  async #runWriter(job: Job): Promise<Outcome> {
    const { asked, caller } = job
    if (asked.sessionId === undefined) return this.#runWithoutSession(job)
    const ask: SessionAsk = {
      user: caller.user,
      id: asked.sessionId,
      timeoutS: asked.sessionTimeoutS,
      mustExist: asked.sessionCheck,
    }
    const database = asked.database ?? 'default'
    const session = await this.#sessions.enter(ask, database, () =>
      this.#engine.connect(this.#writerSettings, database),
    )
    try {
      await session.use(asked.database)
      const own = /^(SET|USE)$/.test(verbOf(job.statement.text))
      await session.apply(own ? new Map() : asked.settings, asked.parameters)
      if (own) session.touched()
      return (await this.#execute(job, session.connection)).outcome
    } finally {
      this.#sessions.release(ask, asked.closeSession)
    }
  }

  async #runWithoutSession(job: Job): Promise<Outcome> {
    const { asked, caller } = job
    const settings = {
      ...this.#writerSettings,
      ...Object.fromEntries(asked.settings),
      ...parametersOf(asked),
    }
    const key = JSON.stringify([caller.user, asked.database, [...asked.settings], [...asked.parameters]])
    const once = key.length > KEY_MAX || asked.settings.has('insert_deduplication_token')
    const connection = await this.#pool.take(key, settings, asked.database ?? 'default')
    let kept = false
    try {
      const { outcome, clean } = await this.#execute(job, connection)
      kept = clean && !once
      return outcome
    } catch (error) {
      const format = formatOf(job.statement.text) ?? asked.format
      if (!(error instanceof ClickHouseError) || error.code !== TOO_LARGE || !isStreamable(format))
        throw error
      return streamed(format, this.#stream(job, { ...settings, max_result_bytes: '0' }, format))
    } finally {
      if (kept) this.#pool.give(key, connection)
      else this.#engine.drop(connection)
    }
  }

  async *#stream(
    job: Job,
    settings: Readonly<Record<string, string>>,
    format: string,
  ): AsyncGenerator<Buffer> {
    const leave = await this.#read.enter()
    try {
      yield* this.#engine.streams.read({
        setup: setup(settings, job.asked.database ?? 'default'),
        sql: job.statement.text,
        format,
      })
    } finally {
      leave()
    }
  }

  /** `clean`: the connection is as it was. */
  async #execute(job: Job, connection: Connection): Promise<{ outcome: Outcome; clean: boolean }> {
    const { statement, asked } = job
    const verb = verbOf(statement.text)
    if (statement.data !== undefined || verb === 'INSERT') {
      if (job.readOnly) throw readonlyGet()
      return { outcome: await this.#insert(job, connection), clean: true }
    }
    const { statementCount, queryClass } = await this.#classify(connection, statement.text)
    if (statementCount > 1)
      throw syntaxError('Multi-statements are not allowed: send one statement at a time')
    const work = (): Promise<Outcome> => select(connection, statement.text, asked.format)
    const limit = { engine: this.#engine, connection, seconds: WRITER_SECONDS }
    if (queryClass === StatementClass.ReadOnly || queryClass === StatementClass.Unknown) {
      const leave = await this.#read.enter()
      try {
        return { outcome: await limited({ ...limit, signal: job.signal }, work), clean: true }
      } finally {
        leave()
      }
    }
    if (job.readOnly && verb !== 'SET' && verb !== 'USE') throw readonlyGet()
    const leave = await this.#write.enter()
    try {
      const change = (): Promise<Outcome> => limited(limit, work)
      if (verb === 'SET' || verb === 'USE') return { outcome: await change(), clean: false }
      const changed = this.#gate.change(
        () => {
          this.#guard.invalidate()
          return change()
        },
        () => this.#schemaChanged(),
      )
      return { outcome: await changed, clean: false }
    } finally {
      leave()
    }
  }

  /** What a text is depends on nothing but the text. */
  async #classify(connection: Connection, text: string): Promise<Classified> {
    const known = this.#classes.get(text)
    if (known !== undefined) return known
    const classified = await connection.classify(text)
    if (text.length <= CLASSED_TEXT_MAX) {
      if (this.#classes.size >= CLASSES_MAX) this.#classes.clear()
      this.#classes.set(text, classified)
    }
    return classified
  }

  async #schemaChanged(): Promise<void> {
    await this.#guard.refresh(this.#engine)
    this.#pool.clear((key) => !key.startsWith('["'))
  }

  async #insert(job: Job, connection: Connection): Promise<Outcome> {
    const leave = await this.#write.enter()
    try {
      const { text, data } = job.statement
      const started = process.hrtime.bigint()
      const result = await limited({ engine: this.#engine, connection, seconds: WRITER_SECONDS }, () =>
        connection.write(text),
      )
      const blank =
        data === undefined ||
        data.bytes === 0 ||
        (data.bytes <= 64 && /^\s*$/.test(data.head.toString('latin1')))
      if (result.rowsWritten === 0 && !blank) {
        throw noData(
          `INSERT wrote 0 rows from ${data.bytes} bytes: is the data in the format that the statement names?`,
        )
      }
      return {
        bytes: Buffer.alloc(0),
        format: job.asked.format,
        elapsedS: Number(process.hrtime.bigint() - started) / 1e9,
        resultRows: 0,
        resultBytes: 0,
        writtenRows: result.rowsWritten,
        writtenBytes: result.bytesWritten,
      }
    } finally {
      leave()
    }
  }
}

const streamed = (format: string, stream: AsyncGenerator<Buffer>): Outcome => ({
  bytes: Buffer.alloc(0),
  stream,
  format,
  elapsedS: 0,
  resultRows: 0,
  resultBytes: 0,
  writtenRows: 0,
  writtenBytes: 0,
})

function verbOf(text: string): string {
  const first = nextToken(text, 0)
  return typeof first === 'string' ? '' : first.text
}

const readonlyGet = () =>
  readonlyMode(
    'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries',
  )

const parametersOf = (asked: Asked): Record<string, string> =>
  Object.fromEntries([...asked.parameters].map(([name, value]) => [`param_${name}`, value]))
