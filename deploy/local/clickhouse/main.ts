/**
 * The local ClickHouse: chdb behind ClickHouse's HTTP interface, on loopback.
 * Environment: CLICKHOUSE_FRONT_PORT, DATA_DIR, CLICKHOUSE_WRITER_USER, CLICKHOUSE_WRITER_PASSWORD,
 * CLICKHOUSE_ANALYST_SECRET, LOG_LEVEL, and, when wanted, ADMIN_PORT, CLICKHOUSE_MEMORY_MB.
 */
import { env, loadConfig, redacted } from '../../../platform/config.ts'
import { runService } from '../../../platform/lifecycle.ts'
import { createLog } from '../../../platform/log.ts'
import { Engine } from './engine.ts'
import { Executor } from './executor.ts'
import { Front } from './server.ts'

const READERS = 4
const ANALYSTS = 3
/** One for each lane, the writer and the front's own statements, and some for files and compression. */
const THREADS = READERS + ANALYSTS + 2 + 4
const DRAIN_MS = 8_000

// libuv makes its threads before a module runs, so their number has to be in the environment of the process.
// The engine reads the zone there too; a business day must not depend on the machine.
if (process.env['UV_THREADPOOL_SIZE'] === undefined && process.execve !== undefined) {
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...process.env,
    UV_THREADPOOL_SIZE: String(THREADS),
    TZ: 'UTC',
  })
}

const level = process.env['LOG_LEVEL'] || 'info'
await runService(
  { service: 'clickhouse', log: createLog({ service: 'clickhouse', level }), stopHookMs: 12_000 },
  async (life) => {
    const config = loadConfig(
      {
        CLICKHOUSE_FRONT_PORT: env.port(3023),
        DATA_DIR: env.text(),
        CLICKHOUSE_WRITER_USER: env.text('nikash_writer'),
        CLICKHOUSE_WRITER_PASSWORD: env.text(),
        CLICKHOUSE_ANALYST_SECRET: env.text(),
        CLICKHOUSE_MEMORY_MB: env.integer(256, 65_536, 1_280),
        ADMIN_PORT: env.port(0),
        LOG_LEVEL: env.logLevel(),
      },
      process.env,
    )
    life.log.info({ config: redacted(config) }, 'starting')
    if (config.ADMIN_PORT > 0) await life.admin(config.ADMIN_PORT)
    const memoryMb = config.CLICKHOUSE_MEMORY_MB
    const engine = await Engine.open({ dataDir: config.DATA_DIR, memoryMb })
    life.onStop('engine', () => engine.close())
    const executor = await Executor.create(engine, { memoryMb, readers: READERS, analysts: ANALYSTS })
    life.onStop('connections', () => executor.close())
    const seconds = life.metrics.histogram('clickhouse_query_seconds', 'Time of a query.', [
      'role',
      'outcome',
    ])
    const front = new Front({
      engine,
      executor,
      accounts: {
        writerUser: config.CLICKHOUSE_WRITER_USER,
        writerPassword: config.CLICKHOUSE_WRITER_PASSWORD,
        analystSecret: config.CLICKHOUSE_ANALYST_SECRET,
      },
      log: life.log,
      observe: (role, outcome, took) => seconds.observe({ role, outcome }, took),
    })
    const port = await front.listen(config.CLICKHOUSE_FRONT_PORT)
    life.onStop('requests', () => front.drain(DRAIN_MS))
    life.check('engine', () => engine.control((control) => control.text('SELECT 1')))
    life.log.info({ port, version: engine.version }, 'serving')
  },
)
