/**
 * The life of a process: start in order, stop in reverse order, say how it is, end with a code that means something.
 * F1: stop hooks run once, last registered first, each bounded in time; a hook that fails does not keep the next from
 *     running. F2: SIGTERM and SIGINT stop; a second signal ends at once. F3: an error nobody caught is fatal.
 * F4: the admin port answers from the first moment: /livez, /readyz (and /health/live, /health/ready), /metrics, and
 *     whatever a service shows of itself (`show`), as JSON.
 * Exit codes: 0 stopped as asked, 1 broke, 2 wrong configuration, 3 something it needs was not there at the start.
 *
 *   await runService({ service: 'sinks' }, async (life) => {
 *     const config = loadConfig({ ... }, process.env)          // ConfigError -> exit 2
 *     life.admin(config.ADMIN_PORT)
 *     const kafka = openKafka(...)
 *     life.onStop('kafka', () => kafka.close())
 *     life.check('redis', async () => { await redis.ping() })  // throws = not ready
 *     ...
 *     consumer.onCrash = (error) => life.fatal(error)          // exit 1
 *   })                                                         // ready when this returns
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { codeOf, messageOf, recoverOf } from './errors.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'

export interface ServiceOptions {
  readonly service: string
  readonly logLevel?: string
  readonly log?: Log
  /** Longest time for one stop hook. */
  readonly stopHookMs?: number
  /** Longest time for a readiness check. */
  readonly checkMs?: number
}

export interface Lifecycle {
  readonly log: Log
  readonly metrics: Metrics
  /** Opens the admin server; 0 = any free port. Resolves to the port. */
  admin(port: number, host?: string): Promise<number>
  onStop(name: string, stop: () => unknown): void
  /** Readiness: rejects or throws when the part is not usable. */
  check(name: string, check: () => unknown): void
  /** Liveness: throws when only a restart can help. */
  alive(name: string, check: () => unknown): void
  /** GET of this path on the admin port answers with what `look` gives, as JSON; 503 with the reason when it throws. */
  show(path: string, look: () => unknown): void
  /** Logs, stops, exits with 1. */
  fatal(error: unknown): void
  /** Stops and exits with 0. */
  stop(reason: string): void
  /** True once stopping has begun. */
  readonly stopping: boolean
  readonly signal: AbortSignal
}

const SHOW_MS = 10_000

interface Named {
  readonly name: string
  readonly run: () => unknown
}

interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly message?: string
}

export async function bounded<T>(what: string, ms: number, work: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([Promise.resolve().then(work), late])
  } finally {
    clearTimeout(timer)
  }
}

class Service implements Lifecycle {
  readonly log: Log
  readonly metrics: Metrics
  readonly ended: Promise<number>
  readonly #options: ServiceOptions
  readonly #stops: Named[] = []
  readonly #ready: Named[] = []
  readonly #alive: Named[] = []
  readonly #shown = new Map<string, () => unknown>()
  readonly #abort = new AbortController()
  #end: (code: number) => void = () => {}
  #started = false
  readonly #servers: Server[] = []

  constructor(options: ServiceOptions) {
    this.#options = options
    this.log = options.log ?? createLog({ service: options.service, level: options.logLevel ?? 'info' })
    this.metrics = createMetrics(options.service)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  get stopping(): boolean {
    return this.#abort.signal.aborted
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  onStop(name: string, run: () => unknown): void {
    this.#stops.push({ name, run })
  }

  check(name: string, run: () => unknown): void {
    this.#ready.push({ name, run })
  }

  alive(name: string, run: () => unknown): void {
    this.#alive.push({ name, run })
  }

  show(path: string, look: () => unknown): void {
    this.#shown.set(path, look)
  }

  started(): void {
    this.#started = true
  }

  fatal(error: unknown): void {
    this.log.fatal({ err: error }, 'fatal error, stopping')
    void this.#shutDown(1)
  }

  stop(reason: string): void {
    this.log.info({ reason }, 'stopping')
    void this.#shutDown(0)
  }

  async endWith(code: number): Promise<void> {
    await this.#shutDown(code)
  }

  async #shutDown(code: number): Promise<void> {
    if (this.stopping) return
    this.#abort.abort()
    let result = code
    for (const { name, run } of this.#stops.toReversed()) {
      try {
        await bounded(`stopping ${name}`, this.#options.stopHookMs ?? 10_000, run)
      } catch (error) {
        this.log.error({ err: error, part: name }, 'a part did not stop well')
        result = result === 0 ? 1 : result
      }
    }
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
    this.#end(result)
  }

  admin(port: number, host = '127.0.0.1'): Promise<number> {
    const server = createServer((request, response) => {
      const path = (request.url ?? '/').split('?')[0] ?? '/'
      this.#answer(path, response).catch((error: unknown) => {
        this.log.error({ err: error, path }, 'admin request failed')
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    })
    return new Promise((resolve, reject) => {
      server.once('error', (cause) =>
        reject(new Error(`admin port ${host}:${port} cannot be opened (${messageOf(cause)})`, { cause })),
      )
      server.listen(port, host, () => {
        this.#servers.push(server)
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : port)
      })
    })
  }

  async #answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/metrics') {
      const text = await this.metrics.registry.metrics()
      response.writeHead(200, { 'content-type': this.metrics.registry.contentType }).end(text)
      return
    }
    if (path === '/livez' || path === '/health/live') return this.#report(response, this.#alive, [])
    if (path === '/readyz' || path === '/health/ready') {
      const phase = [
        { name: 'started', ok: this.#started },
        { name: 'running', ok: !this.stopping },
      ]
      return this.#report(response, this.#ready, phase)
    }
    const look = this.#shown.get(path)
    if (look !== undefined) return this.#shownTo(response, path, look)
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
  }

  async #shownTo(response: ServerResponse, path: string, look: () => unknown): Promise<void> {
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    try {
      const text = JSON.stringify(await bounded(path, SHOW_MS, look))
      response.writeHead(200, headers).end(text)
    } catch (error) {
      response.writeHead(503, headers).end(JSON.stringify({ message: messageOf(error) }))
    }
  }

  async #report(
    response: ServerResponse,
    parts: readonly Named[],
    fixed: readonly CheckResult[],
  ): Promise<void> {
    const limit = this.#options.checkMs ?? 2_000
    const asked = await Promise.all(
      parts.map(async ({ name, run }): Promise<CheckResult> => {
        try {
          await bounded(name, limit, run)
          return { name, ok: true }
        } catch (error) {
          return { name, ok: false, message: messageOf(error) }
        }
      }),
    )
    const checks = [...fixed, ...asked]
    const ok = checks.every((check) => check.ok)
    response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(
      JSON.stringify({ status: ok ? 'ok' : 'unavailable', service: this.#options.service, checks }),
    )
  }
}

function exitCodeOf(error: unknown): number {
  if (codeOf(error) === 'config_invalid') return 2
  return recoverOf(error) === 'retry' ? 3 : 1
}

/**
 * Runs a service to its end and gives the exit code; the part without process.exit, for tests. `start` resolves when
 * the service is ready; it goes on until a signal, `stop` or `fatal`.
 */
export async function serve(
  options: ServiceOptions,
  start: (life: Lifecycle) => Promise<void>,
  onLife: (life: Lifecycle) => void = () => {},
): Promise<number> {
  const life = new Service(options)
  onLife(life)
  try {
    await start(life)
    life.started()
    if (!life.stopping) life.log.info('ready')
  } catch (error) {
    if (codeOf(error) === 'config_invalid') process.stderr.write(`${options.service}: ${messageOf(error)}\n`)
    else life.log.fatal({ err: error }, 'could not start')
    await life.endWith(exitCodeOf(error))
  }
  return life.ended
}

/** The last line of every main.ts. Ends the process. */
export async function runService(
  options: ServiceOptions,
  start: (life: Lifecycle) => Promise<void>,
): Promise<never> {
  const code = await serve(options, start, (life) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (life.stopping) process.exit(1)
        life.stop(signal)
      })
    }
    process.on('uncaughtException', (error) => life.fatal(error))
    process.on('unhandledRejection', (error) => life.fatal(error))
  })
  process.exit(code)
}
