/** The short way of a command says what the app says: each case goes both ways, and a chunked body makes it the app's. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { pino } from 'pino'
import { createMetrics } from '../../../../platform/metrics.ts'
import { commandApp } from '../../../../producers/http/app.ts'
import { authenticator } from '../../../../producers/http/auth.ts'
import { routes } from '../../../../producers/http/short-way.ts'
import { OPERATIONS } from '../../../../producers/kernel/catalogue.ts'
import { type CommandRequest, type CommandResult, refused } from '../../../../producers/kernel/command.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import type { Executor } from '../../../../producers/kernel/executor.ts'
import type { Lanes } from '../../../../producers/kernel/lanes.ts'
import { signToken } from '../../../support/tokens.ts'

const SECRET = 's'.repeat(40)
const CUSTOMER = JSON.stringify({ id: 'c-1', name: 'Rahim Traders' })
const PAYMENT = JSON.stringify({ customerId: 'c', amount: '10.00' })

let result: CommandResult | Error
let seen: (readonly [string, CommandRequest])[] = []
const lanes = {
  submit: (tenant: string, request: CommandRequest) => {
    seen.push([tenant, request])
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result)
  },
} as unknown as Lanes
const accepted = (replayed: boolean): CommandResult => ({
  kind: 'accepted',
  status: 201,
  body: { id: 'c/1', version: 3, position: 77 },
  replayed,
})

const server = createServer(
  commandApp({
    authenticate: authenticator(SECRET, () => Date.now()),
    executor: {} as Executor,
    lanes,
    pool: {} as pg.Pool,
    log: pino({ level: 'silent' }),
    metrics: createMetrics('commands'),
    nowMs: () => 0,
    accepting: () => true,
  }),
)
let writer = ''
let reader = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  writer = await signToken(SECRET, { tenant: 'acme', role: 'writer' })
  reader = await signToken(SECRET, { tenant: 'acme', role: 'reader' })
})
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
)

interface Case {
  readonly path: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: 'writer' | 'reader' | 'none' | 'forged'
  readonly result?: CommandResult | Error
}

function send(one: Case, way: 'short' | 'app') {
  const { path, body, headers = {}, token = 'writer' } = one
  const tokens = { writer, reader, none: '', forged: `${writer}x` }
  const bearer = tokens[token]
  const length = way === 'short' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  return new Promise<{ status: number; headers: object; text: string }>((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const sent = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'k-1',
        ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
        ...length,
        ...(way === 'app' ? { 'transfer-encoding': 'chunked' } : {}),
        ...headers,
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => {
        const { date: _date, connection: _connection, ...said } = response.headers
        delete said['keep-alive']
        resolve({ status: response.statusCode ?? 0, headers: said, text })
      })
    })
    sent.end(body)
  })
}

describe('the short way of a command', () => {
  it.each<[string, number, Case]>([
    ['accepted', 201, { path: '/v1/customers', body: CUSTOMER }],
    ['replayed', 201, { path: '/v1/customers', body: CUSTOMER, result: accepted(true) }],
    ['with an id in its path', 201, { path: '/v1/customers/c-1/update', body: '{"name":"Karim"}' }],
    ['in two alphabets', 201, { path: '/v1/customers', body: '{"name":"রহিম"}' }],
    [
      'behind a mark of byte order',
      201,
      {
        path: '/v1/customers',
        body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(CUSTOMER)]),
      },
    ],
    [
      'with If-Match',
      201,
      { path: '/v1/customers/c-1/update', body: '{"name":"K"}', headers: { 'if-match': '"4"' } },
    ],
    [
      'with a wrong If-Match',
      400,
      { path: '/v1/customers/c-1/update', body: '{"name":"K"}', headers: { 'if-match': 'x' } },
    ],
    ['with an id that cannot be one', 404, { path: '/v1/customers/-1/update', body: '{"name":"K"}' }],
    ['of which a field is wrong', 400, { path: '/v1/customers', body: '{"name":"x","tenantId":"other"}' }],
    ['whose body is broken', 400, { path: '/v1/customers', body: '{"name":' }],
    ['whose body is a text', 400, { path: '/v1/customers', body: '"name"' }],
    ['whose body is null', 400, { path: '/v1/customers', body: 'null' }],
    ['whose body is a list', 400, { path: '/v1/customers', body: '[]' }],
    [
      'that needs a key and has none',
      400,
      { path: '/v1/payments', body: PAYMENT, headers: { 'idempotency-key': '' } },
    ],
    ['without a token', 401, { path: '/v1/customers', body: CUSTOMER, token: 'none' }],
    ['with a forged token', 401, { path: '/v1/customers', body: '{"na', token: 'forged' }],
    ['of a reader', 403, { path: '/v1/customers', body: CUSTOMER, token: 'reader' }],
    ['for operators', 403, { path: '/v1/tenants', body: '{"id":"acme"}' }],
    [
      'refused',
      409,
      {
        path: '/v1/customers',
        body: CUSTOMER,
        result: refused(new Refusal('conflict', 'lost', { currentVersion: 4, retryAfterSeconds: 2 })),
      },
    ],
    [
      'that broke',
      500,
      { path: '/v1/customers', body: CUSTOMER, result: { kind: 'failed', error: new Error('a secret') } },
    ],
    [
      'whose store is away',
      503,
      {
        path: '/v1/customers',
        body: CUSTOMER,
        result: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      },
    ],
    [
      'that is too large',
      413,
      { path: '/v1/customers', body: JSON.stringify({ name: 'x'.repeat(300_000) }) },
    ],
  ])('%s: %i, as the app has it', async (_what, status, one) => {
    result = one.result ?? accepted(false)
    seen = []
    const short = await send(one, 'short')
    const app = await send(one, 'app')
    expect(short).toEqual(app)
    expect(short.status).toBe(status)
    expect(JSON.stringify(short)).not.toContain('a secret')
    const [first, second] = seen
    if (first && second && one.body === CUSTOMER) expect(first).toEqual(second)
    expect(seen).toHaveLength(first ? 2 : 0)
  })

  it('binds a key to path and body alike, so that a repetition may come the other way', async () => {
    result = accepted(false)
    seen = []
    const one: Case = { path: '/v1/payments', body: PAYMENT }
    await send(one, 'short')
    await send(one, 'app')
    const prints = seen.map(([, { key }]) => key?.fingerprint)
    expect(prints[0]).toBe(prints[1])
    expect(prints[0]).toMatch(/^[\w-]{43}$/)
  })

  it('is open to every operation by its own path, and to nothing else', () => {
    const find = routes(OPERATIONS)
    for (const operation of OPERATIONS) {
      const path = operation.path.replace(':id', 'x-1')
      expect(find(path)).toEqual({ operation, id: operation.path.includes(':id') ? 'x-1' : undefined })
      for (const other of [`${path}/`, `${path}?a=1`, path.toUpperCase(), path.slice(3), `${path}/x`]) {
        expect([other, find(other)]).toEqual([other, undefined])
      }
    }
    for (const path of [
      '',
      '/',
      '*',
      '/v1',
      '/v1/',
      '/v1//',
      '/v1/invoices/a%2Fb/approve',
      '/v1/invoices/x/y/approve',
    ]) {
      expect([path, find(path)]).toEqual([path, undefined])
    }
  })
})
