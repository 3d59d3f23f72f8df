/**
 * Owns the short way of a command through HTTP. Most requests are ordinary: a POST of an operation's own path with a
 * plain JSON body of stated length. They are read and answered on Node's request and response; all others go to the app
 * (app.ts), which reads what is unusual and says what is wrong. The layers of the app cost a fifth of a millisecond a
 * request, and deciding and storing a command not much more.
 * V1: what the app would accept, refuse or answer, the short way does with the same words: it takes only what it can.
 * V2: a body is read only after the token is accepted.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import helmet from 'helmet'
import { Refusal } from '../kernel/errors.ts'
import type { Operation } from '../kernel/operation.ts'
import { type Authenticate, requireRole } from './auth.ts'
import { answerProblem, malformed, notWhole } from './problems.ts'
import { answered, type Single } from './single.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
/** What a client may write for it; another charset or a parameter is the app's to judge. */
const PLAIN_JSON = /^application\/json(?:; ?charset=utf-8)?$/i

export interface ShortWayParts {
  readonly operations: readonly Operation[]
  readonly authenticate: Authenticate
  readonly single: Single
  readonly bodyBytesMax: number
  readonly refusalOf: (error: unknown, path: string) => Refusal
}

export function shortWay(parts: ShortWayParts, app: RequestListener): RequestListener {
  const find = routes(parts.operations)
  const security = securityHeaders()
  return (request, response) => {
    const path = request.url ?? ''
    const found = isPlain(request, parts.bodyBytesMax) ? find(path) : undefined
    if (found === undefined) app(request, response)
    else {
      run(parts, found, request).then(
        ({ status, body, headers }) => {
          const text = JSON.stringify(body)
          const length = String(Buffer.byteLength(text))
          response.writeHead(status, [
            ...security,
            ...headers,
            'Content-Type',
            JSON_TYPE,
            'Content-Length',
            length,
          ])
          response.end(text)
        },
        (error: unknown) => fail(response, security, path, parts.refusalOf(error, path)),
      )
    }
  }
}

async function run(parts: ShortWayParts, { operation, id }: Found, request: IncomingMessage) {
  const { headers, url = '' } = request
  const caller = await parts.authenticate(headers.authorization)
  requireRole(caller, operation.role)
  const body = await bodyOf(request)
  return answered(operation, await parts.single(operation, { path: url, id, headers, caller, body }))
}

function fail(response: ServerResponse, security: readonly string[], path: string, refusal: Refusal): void {
  for (let at = 0; at < security.length; at += 2)
    response.setHeader(security[at] ?? '', security[at + 1] ?? '')
  answerProblem(response, path, refusal)
}

/** V1: whether nothing about the request needs the app. */
function isPlain({ method, headers }: IncomingMessage, bytesMax: number): boolean {
  return (
    method === 'POST' &&
    headers['transfer-encoding'] === undefined &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length'] ?? Number.NaN) <= bytesMax &&
    PLAIN_JSON.test(headers['content-type'] ?? '')
  )
}

interface Found {
  readonly operation: Operation
  readonly id: string | undefined
}

/** By the exact path; an encoded one, one with a query, in capitals or with a slash at its end is the app's. */
export function routes(operations: readonly Operation[]): (path: string) => Found | undefined {
  const whole = new Map<string, Found>()
  const withId = new Map<string, Operation>()
  for (const operation of operations) {
    const [before, after = ''] = operation.path.split('/:id')
    if (before === operation.path) whole.set(operation.path, { operation, id: undefined })
    else withId.set(`${before}/${after}`, operation)
  }
  return (path) => {
    const found = whole.get(path)
    if (found !== undefined || path.includes('%') || path.includes('?')) return found
    // /v1/invoices/ID/approve
    const from = path.indexOf('/', 4)
    const to = path.indexOf('/', from + 1)
    if (from < 0 || to < 0) return undefined
    const operation = withId.get(`${path.slice(0, from)}/${path.slice(to)}`)
    return operation && { operation, id: path.slice(from + 1, to) }
  }
}

/** The body as JSON; undefined when there is none. Node holds it to the length that was stated. */
function bodyOf(request: IncomingMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined
    const more: Buffer[] = []
    request.on('data', (chunk: Buffer) => {
      if (first === undefined) first = chunk
      else more.push(chunk)
    })
    request.on('error', () => reject(notWhole()))
    request.on('end', () => {
      if (first === undefined) resolve(undefined)
      else {
        try {
          resolve(jsonOf((more.length === 0 ? first : Buffer.concat([first, ...more])).toString('utf8')))
        } catch {
          reject(malformed())
        }
      }
    })
  })
}

const BYTE_ORDER_MARK = 0xfe_ff

/** As the app reads it: a mark of byte order is no part of it, and what is neither object nor array is malformed. */
function jsonOf(text: string): unknown {
  const value: unknown = JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text)
  if (value === null || typeof value !== 'object') throw new SyntaxError('neither an object nor an array')
  return value
}

/** What helmet sets on every answer, asked of it once. */
export function securityHeaders(): readonly string[] {
  const set: string[] = []
  const response = {
    setHeader: (name: string, value: string) => void set.push(name, value),
    removeHeader: () => undefined,
  }
  const ask = helmet() as unknown as (
    request: object,
    response: object,
    next: (error?: unknown) => void,
  ) => void
  let done = false
  ask({}, response, (error) => {
    done = error === undefined
  })
  if (!done || set.length === 0) throw new Error('helmet did not set its headers at once')
  return set
}
