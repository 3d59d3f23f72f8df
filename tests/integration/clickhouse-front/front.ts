/**
 * Owns a ClickHouse front of the test's own: a process on a free port with a fresh data folder. Refuses: the shared
 * stack, so that a test may kill it, fill it and break it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../deploy/local/clickhouse/main.ts', import.meta.url))
const READY_MS = 60_000

export const WRITER = { user: 'the_writer', password: 'writer-password' } as const
const SECRET = 'a-secret-of-the-tests'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

export interface Ask {
  readonly method?: string
  readonly path?: string
  readonly params?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | readonly Buffer[]
  readonly user?: string
  readonly password?: string
}

export const analystOf = (tenant: string): { readonly user: string; readonly password: string } => {
  const user = `analyst_${tenant}`
  return { user, password: createHmac('sha256', SECRET).update(user).digest('hex') }
}

export class TestFront {
  readonly dataDir: string
  port = 0
  #child: ChildProcess | undefined

  constructor(dataDir = mkdtempSync(join(tmpdir(), 'nikash-clickhouse-'))) {
    this.dataDir = dataDir
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<this> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
      // Of the parent's environment only what a process needs: nothing of a running stack.
      env: {
        PATH: process.env['PATH'],
        CLICKHOUSE_FRONT_PORT: '0',
        DATA_DIR: this.dataDir,
        CLICKHOUSE_WRITER_USER: WRITER.user,
        CLICKHOUSE_WRITER_PASSWORD: WRITER.password,
        CLICKHOUSE_ANALYST_SECRET: SECRET,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_MS)
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const said = JSON.parse(line) as { msg?: string; port?: number; err?: { message: string } }
        if (said.msg === 'serving') this.port = said.port ?? 0
        if (said.err) throw new Error(said.err.message)
        if (said.msg === 'ready') break
      }
    } finally {
      clearTimeout(timer)
      child.stdout.resume()
    }
    if (this.port === 0) throw new Error('the front ended before it was ready')
    return this
  }

  /** Ends the process and gives its exit code or signal. */
  async end(signal: NodeJS.Signals): Promise<number | string> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? 0
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>
    child.kill(signal)
    const [code, by] = await ended
    return code ?? by ?? 'unknown'
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM')
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  /** One request; the writer asks unless a user is named. */
  ask(ask: Ask): Promise<Reply> {
    const { user = WRITER.user, password = WRITER.password } = ask
    const params = new URLSearchParams(ask.params)
    const path = `${ask.path ?? '/'}${params.size > 0 ? `?${params.toString()}` : ''}`
    const auth = user === '' ? {} : { auth: `${user}:${password}` }
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          method: ask.method ?? 'POST',
          headers: { ...ask.headers },
          ...auth,
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const body = Buffer.concat(chunks)
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body,
              text: body.toString('utf8'),
            })
          })
        },
      )
      sent.on('error', reject)
      const body = ask.body ?? ''
      if (typeof body === 'string' || Buffer.isBuffer(body)) sent.end(body)
      else {
        for (const chunk of body) sent.write(chunk)
        sent.end()
      }
    })
  }

  /** The text of an answer that has to be fine. */
  async sql(text: string, params: Readonly<Record<string, string>> = {}): Promise<string> {
    const reply = await this.ask({ body: text, params })
    if (reply.status !== 200) throw new Error(`${text.slice(0, 200)}: ${reply.text}`)
    return reply.text
  }

  analyst(tenant: string, body: string, params: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.ask({ ...analystOf(tenant), body, params })
  }
}
