/**
 * Owns HTTP: routes, headers, answers, errors as ClickHouse's clients read them. Refuses: knowing SQL.
 * H1: an answer is whole before its first byte is sent, so its status is true (`wait_end_of_query` always holds).
 * H2: every answer to a query has X-ClickHouse-Query-Id, -Timezone, -Server-Display-Name, and -Exception-Code or
 * -Format and -Summary. H3: no text of a query and no password is logged.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../../../platform/log.ts'
import { type Accounts, authenticate } from './auth.ts'
import { decodedBody, encode, responseEncoding, streamEncoder, streamEncoding } from './bodies.ts'
import type { Engine } from './engine.ts'
import { aborted, ClickHouseError, fromEngine, httpStatus, render } from './errors.ts'
import type { Executor } from './executor.ts'
import { contentType, summary } from './formats.ts'
import type { Outcome } from './job.ts'
import { type Asked, readRequest } from './request.ts'
import { readStatement } from './statement.ts'

export interface FrontOptions {
  readonly engine: Engine
  readonly executor: Executor
  readonly accounts: Accounts
  readonly log: Log
  readonly observe: (role: string, outcome: string, seconds: number) => void
}

const BODY_MAX = 4 * 1024 * 1024 * 1024
const HEADER_MAX = 1024 * 1024
const AUTH_DELAY_MS = 100
const TEXT = 'text/plain; charset=UTF-8'
const DISPLAY_NAME = 'nikash-local'

export class Front {
  readonly #options: FrontOptions
  readonly #server: Server
  #running = 0
  #stopping = false

  constructor(options: FrontOptions) {
    this.#options = options
    this.#server = createServer(
      { maxHeaderSize: HEADER_MAX, keepAliveTimeout: 30_000 },
      (request, response) => {
        this.#running += 1
        response.once('close', () => {
          this.#running -= 1
        })
        void this.#answer(request, response)
      },
    )
    // A body may take long; it is bounded by its size, and a silent socket by this.
    this.#server.requestTimeout = 0
    this.#server.timeout = 700_000
  }

  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** Takes no more requests; waits for those that run, at most `ms`. */
  async drain(ms: number): Promise<void> {
    this.#stopping = true
    this.#server.close()
    this.#server.closeIdleConnections()
    const deadline = Date.now() + ms
    while (this.#running > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#stopping) response.setHeader('Connection', 'close')
    try {
      const url = URL.parse(`http://localhost${request.url ?? '/'}`)
      if (url === null) send(response, 400, TEXT, Buffer.from('the request line has no usable path\n'))
      else if (url.pathname === '/') await this.#query(request, response, url)
      else plain(request, response, url.pathname)
    } catch (error) {
      // Of the front itself, after the answer began: the client sees a cut connection, not half an answer as a whole.
      this.#options.log.error({ err: error }, 'a request failed outside of its query')
      response.destroy()
    }
  }

  async #query(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { engine, accounts, observe, log } = this.#options
    const started = process.hrtime.bigint()
    const given = url.searchParams.get('query_id')
    const queryId = given !== null && /^[\x21-\x7e]{1,200}$/.test(given) ? given : randomUUID()
    response.setHeader('X-ClickHouse-Query-Id', queryId)
    response.setHeader('X-ClickHouse-Timezone', engine.timezone)
    response.setHeader('X-ClickHouse-Server-Display-Name', DISPLAY_NAME)
    let role = 'unknown'
    let outcome = 'ok'
    try {
      if (isGreeting(request, url)) {
        send(response, 200, 'text/html; charset=UTF-8', Buffer.from('Ok.\n'))
        return
      }
      const caller = authenticate(url, request.headers, accounts)
      role = caller.role
      const asked = readRequest(url, request.headers)
      const answer = await this.#run(request, response, { caller, asked })
      await respond(request, response, asked, answer)
    } catch (error) {
      const failure = response.destroyed ? aborted('the client hung up') : fromEngine(error)
      outcome = failure.type
      if (failure.code === 1002) log.error({ err: error, queryId }, 'a query failed in an unexpected way')
      await this.#fail(request, response, failure)
    } finally {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      observe(role, outcome, seconds)
      log.debug({ queryId, role, outcome, seconds }, 'query')
    }
  }

  async #run(
    request: IncomingMessage,
    response: ServerResponse,
    { caller, asked }: { caller: ReturnType<typeof authenticate>; asked: Asked },
  ): Promise<Outcome> {
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(aborted('the client hung up'))
    })
    const statement = await readStatement(
      asked.query,
      decodedBody(request, BODY_MAX),
      this.#options.engine.uploads,
    )
    try {
      const readOnly = request.method === 'GET' || request.method === 'HEAD'
      return await this.#options.executor.run({ caller, asked, statement, readOnly, signal: gone.signal })
    } finally {
      await statement.data?.remove()
    }
  }

  async #fail(request: IncomingMessage, response: ServerResponse, failure: ClickHouseError): Promise<void> {
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    if (failure.code === 516) await new Promise((resolve) => setTimeout(resolve, AUTH_DELAY_MS))
    const unnamed = failure.code === 516 && request.headers.authorization === undefined
    if (unnamed) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"')
    response.setHeader('X-ClickHouse-Exception-Code', String(failure.code))
    // What is left of the body is not read: the connection can't be used again.
    if (!request.complete) response.setHeader('Connection', 'close')
    const body = Buffer.from(render(failure, this.#options.engine.version))
    send(response, unnamed ? 401 : httpStatus(failure), TEXT, body)
    if (!request.complete) request.resume()
  }
}

const isGreeting = (request: IncomingMessage, url: URL): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') &&
  url.search === '' &&
  request.headers['content-length'] === undefined

function plain(request: IncomingMessage, response: ServerResponse, path: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, TEXT, Buffer.from('queries are POSTed to /\n'))
  } else if (path === '/ping' || path === '/replicas_status' || path === '/livez') {
    send(response, 200, 'text/html; charset=UTF-8', Buffer.from('Ok.\n'))
  } else if (path === '/readyz') {
    send(response, 200, 'application/json', Buffer.from('{"status":"ok","service":"clickhouse"}'))
  } else {
    send(response, 404, TEXT, Buffer.from(`There is no handle ${path}. Use / or /ping\n`))
  }
}

function send(response: ServerResponse, status: number, type: string, body: Buffer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked,
  answer: Outcome,
): Promise<void> {
  const { stream, bytes } = answer
  response.setHeader('X-ClickHouse-Format', answer.format)
  const accepted = asked.compressResponse ? request.headers['accept-encoding'] : undefined
  const type = contentType(answer.format)
  if (stream !== undefined) {
    await respondInChunks(response, stream, { type, encoding: streamEncoding(String(accepted ?? '')) })
    return
  }
  response.setHeader('X-ClickHouse-Summary', summary(answer))
  const encoding = bytes.length === 0 ? undefined : responseEncoding(String(accepted ?? ''))
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  send(response, 200, type, encoding === undefined ? bytes : await encode(bytes, encoding))
}

/** Errors before the first chunk are answers; later ones cut the connection, so that half is not taken for whole. */
async function respondInChunks(
  response: ServerResponse,
  stream: AsyncGenerator<Buffer>,
  { type, encoding }: { readonly type: string; readonly encoding: string | undefined },
): Promise<void> {
  const first = await stream.next()
  response.setHeader('Content-Type', type)
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding)
  const all = async function* (): AsyncGenerator<Buffer> {
    if (first.done === true) return
    yield first.value
    yield* stream
  }
  try {
    const encoder = encoding === undefined ? [] : [streamEncoder(encoding)]
    await pipeline([Readable.from(all(), { objectMode: false, highWaterMark: 1 }), ...encoder, response])
  } catch (error) {
    response.destroy()
    throw error
  } finally {
    await stream.return(undefined)
  }
}
