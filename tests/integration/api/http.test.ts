/** What every request meets: tokens, problems, limits, origins, headers, and stores that are away. */
import { get as httpGet } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { Redis } from 'ioredis'
import { FiguresWriter } from './figures-writer.ts'
import { PrivateRedis } from './private-redis.ts'
import { startTestApi, type TestApi } from './test-api.ts'

// The box may be busy: a test waits for what it expects, and this is only the end of its patience.
jest.setTimeout(60_000)

const ORIGIN = 'https://books.example'
type Body = Record<string, unknown>

let redis: PrivateRedis
let client: Redis
let api: TestApi

// ClickHouse is away in all of these: live figures, refusals and operations do not need it.
beforeAll(async () => {
  redis = await PrivateRedis.start()
  client = new Redis(redis.url)
  api = await startTestApi({ redisUrl: redis.url, env: { CORS_ORIGIN: `${ORIGIN},https://other.example` } })
}, 60_000)

afterAll(async () => {
  await api?.close()
  client?.disconnect()
  await redis?.stop()
})

const problemOf = async (response: Response): Promise<Body> => {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const body = (await response.json()) as Body
  expect(body).toMatchObject({ status: response.status, type: `/docs/problems#${String(body['code'])}` })
  expect(body['requestId']).toBe(response.headers.get('x-request-id'))
  expect(JSON.stringify(body)).not.toMatch(/\\n\s+at |node_modules|\.ts:\d/)
  return body
}

describe('a request', () => {
  it.each([
    ['without a token', {}, 'token_missing'],
    ['with another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, 'token_invalid'],
    ['with nonsense', { authorization: 'Bearer nonsense' }, 'token_invalid'],
    ['with two tokens', { authorization: 'Bearer a, Bearer b' }, 'token_invalid'],
    ['with an endless token', { authorization: `Bearer ${'a'.repeat(7_000)}` }, 'token_invalid'],
  ])('%s is 401', async (_, headers, code) => {
    const response = await fetch(`${api.url}/v1/kpis`, { headers: headers as Record<string, string> })
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="nikash"',
    ])
    expect((await problemOf(response))['code']).toBe(code)
  })

  it('with an expired token is 401, with a role that does not read 403', async () => {
    const expired = await api.token('acme', { ttlSeconds: -60 })
    expect((await problemOf(await api.get('/v1/kpis', expired)))['code']).toBe('token_expired')
    const operator = await api.token('acme', { role: 'operator' as 'reader' })
    const response = await api.get('/v1/kpis', operator)
    expect([response.status, (await problemOf(response))['code']]).toEqual([403, 'role_not_allowed'])
  })

  it('with a token in the address is not let in, and the token is in no log line', async () => {
    const token = await api.token('acme')
    expect((await fetch(`${api.url}/v1/kpis?token=${token}&access_token=${token}`)).status).toBe(401)
    await api.get('/v1/kpis', token)
    expect(api.log.join('')).not.toContain(token.slice(-20))
  })

  it.each([
    ['/v1/nope', 404, 'route_unknown'],
    ['/v1', 404, 'route_unknown'],
    ['/v1/kpis/profit/history', 404, 'kpi_unknown'],
    ['/v1/kpis?window=7d', 400, 'query_invalid'],
    ['/v1/kpis?asOf=2026-02-30', 400, 'query_invalid'],
    ['/v1/kpis?asOf=yesterday', 400, 'query_invalid'],
    ['/v1/kpis?unknown=1', 400, 'query_invalid'],
    ['/v1/receivables/aging?basis=other', 400, 'query_invalid'],
    ['/v1/receivables/aging?buckets=30,20', 400, 'query_invalid'],
    ['/v1/receivables/aging?limit=0', 400, 'query_invalid'],
    ['/v1/receivables/aging?limit=501', 400, 'query_invalid'],
    ['/v1/receivables/open?bucket=1-31', 400, 'query_invalid'],
    ['/v1/daily?from=2026-02-01&to=2026-01-01', 400, 'range_invalid'],
    ['/v1/daily?from=2000-01-01&to=2026-01-01', 400, 'range_invalid'],
    ['/v1/invoices?cursor=abc', 400, 'cursor_invalid'],
    ['/v1/invoices?status=LOST', 400, 'query_invalid'],
    ['/v1/invoices/a%20b', 400, 'path_invalid'],
    ['/v1/invoices/%E0%A4%A', 400, 'path_invalid'],
    ['/v1/invoices/x', 503, 'store_unavailable'],
  ])('to %s is %i %s', async (path, status, code) => {
    const response = await api.get(path, await api.token('acme'))
    expect([response.status, (await problemOf(response))['code']]).toEqual([status, code])
    if (status === 503) expect(response.headers.get('retry-after')).toBe('2')
  })

  it('with another method is 405 and says which is offered', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await fetch(`${api.url}/v1/kpis`, { method })
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD'])
    }
  })

  it('gives its id back, or gets one when its own is not fit for a log', async () => {
    const id = async (given: string) =>
      (await fetch(`${api.url}/livez`, { headers: { 'x-request-id': given } })).headers.get('x-request-id')
    expect(await id('order-4711.a')).toBe('order-4711.a')
    expect(await id('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/)
    expect(await id('{"level":"fatal"}')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is answered from the live figures while ClickHouse is away', async () => {
    const writer = new FiguresWriter(client)
    await writer.kpi('acme', { dso: '41.2' })
    await writer.aging('acme', { total: '10.00' })
    await writer.sync('acme')
    const token = await api.token('acme')
    expect(await (await api.get('/v1/kpis', token)).json()).toMatchObject({
      source: 'redis',
      kpis: { dso: { value: '41.2' } },
    })
    expect(await (await api.get('/v1/receivables/aging', token)).json()).toMatchObject({
      total: { amount: '10.00' },
    })
    expect((await api.get('/v1/kpis?asOf=2026-02-01', token)).status).toBe(503)
  })
})

describe('limits', () => {
  it('count each user of each tenant apart, say so in headers, and refuse with 429', async () => {
    const strict = await startTestApi({
      redisUrl: redis.url,
      env: { RATE_LIMIT_PER_MINUTE: '3', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '2' },
    })
    try {
      const [a, b, other] = [
        await strict.token('acme', { subject: 'a' }),
        await strict.token('acme', { subject: 'b' }),
        await strict.token('bolt', { subject: 'a' }),
      ]
      const statuses = async (token: string, count: number) => {
        const found: number[] = []
        for (let i = 0; i < count; i++) found.push((await strict.get('/v1/kpis/x/history', token)).status)
        return found
      }
      const first = await strict.get('/v1/kpis/x/history', a)
      expect(first.headers.get('ratelimit')).toMatch(/^"api"; r=2; t=\d+$/)
      expect(first.headers.get('ratelimit-policy')).toMatch(/^"api"; q=3; w=60/)
      expect(await statuses(a, 3)).toEqual([404, 404, 429])
      expect(await statuses(b, 1)).toEqual([404])
      expect(await statuses(other, 1)).toEqual([404])
      const refused = await strict.get('/v1/kpis/x/history', a)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect((await problemOf(refused))['code']).toBe('rate_limited')
      const anonymous = async () => (await fetch(`${strict.url}/v1/kpis`)).status
      expect([await anonymous(), await anonymous(), await anonymous()]).toEqual([401, 401, 429])
      expect((await fetch(`${strict.url}/livez`)).status).toBe(200)
    } finally {
      await strict.close()
    }
  })

  it('refuse a large body before reading it', async () => {
    const response = await fetch(`${api.url}/v1/kpis`, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(response.status).toBe(413)
  })
})

describe('other origins', () => {
  const preflight = (origin: string) =>
    fetch(`${api.url}/v1/kpis`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    })

  it('on the list may read, others may not', async () => {
    const allowed = await preflight(ORIGIN)
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, ORIGIN])
    for (const origin of [
      'https://evil.example',
      `${ORIGIN}.evil.example`,
      'null',
      'https://BOOKS.example',
    ]) {
      const response = await preflight(origin)
      expect([origin, response.headers.get('access-control-allow-origin')]).toEqual([origin, null])
    }
  })

  it('are part of what a cache must tell apart', async () => {
    expect((await fetch(`${api.url}/livez`)).headers.get('vary')).toContain('Origin')
  })
})

describe('the demo session', () => {
  const ask = (url: string, host: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { port } = new URL(url)
      const options = { host: '127.0.0.1', port, path: '/v1/demo-session', method: 'POST', headers: { host } }
      httpGet(options, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      }).on('error', reject)
    })

  it('is not offered outside of a local stack', async () => {
    expect((await fetch(`${api.url}/v1/demo-session`, { method: 'POST' })).status).toBe(404)
  })

  it('gives a short token of a reader of the demo tenant, to this machine by its own names alone', async () => {
    const local = await startTestApi({ redisUrl: redis.url, env: { NIKASH_ENV: 'local' } })
    try {
      const response = await fetch(`${local.url}/v1/demo-session`, { method: 'POST' })
      const { token } = (await response.json()) as { token: string }
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Body
      expect(claims).toMatchObject({ tenant: 'demo', role: 'reader' })
      expect(Number(claims['exp']) - Number(claims['iat'])).toBe(900)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect((await ask(local.url, 'localhost:3006')).status).toBe(200)
      for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', '10.0.0.1']) {
        expect([host, (await ask(local.url, host)).status]).toEqual([host, 403])
      }
    } finally {
      await local.close()
    }
  })
})

describe('operations', () => {
  it('alive does not depend on stores, ready does', async () => {
    expect((await fetch(`${api.url}/livez`)).status).toBe(200)
    const live = await fetch(`${api.url}/health/live`)
    expect([live.status, await live.json()]).toEqual([
      200,
      { status: 'ok', info: { redis: 'up', clickhouse: 'down' } },
    ])
    for (const path of ['/readyz', '/health/ready']) {
      const response = await fetch(`${api.url}${path}`)
      expect([path, response.status]).toEqual([path, 503])
    }
  })

  it('measures under the names that dashboards know, with no id in a label', async () => {
    const tenant = 'label-canary'
    await api.get('/v1/invoices/label-canary-id', await api.token(tenant))
    const text = await (await fetch(`${api.url}/metrics`)).text()
    for (const name of [
      'finance_api_duration_seconds_bucket',
      'finance_transactions_total',
      'finance_errors_total',
      'finance_requests_total',
      'finance_cache_hit_ratio',
      'http_requests_total',
      'database_query_duration_seconds_bucket',
      'nodejs_heap_size_used_bytes',
      'nikash_socket_connections',
    ]) {
      expect(text).toContain(`\n${name}`)
    }
    expect(text).toContain('route="/v1/invoices/:id"')
    expect(text).not.toContain('canary')
  })

  it('serves reference, problems and page with a policy that lets nothing in from elsewhere', async () => {
    for (const path of ['/docs', '/docs/problems', '/', '/v1/kpis']) {
      const policy = (await fetch(`${api.url}${path}`)).headers.get('content-security-policy') ?? ''
      expect([
        path,
        policy.includes("default-src 'none'"),
        /script-src 'self'(;|$)/.test(policy) || path === '/docs/problems',
      ]).toEqual([path, true, true])
      expect([path, /https?:\/\//.test(policy)]).toEqual([path, false])
    }
    const page = await (await fetch(`${api.url}/docs`)).text()
    for (const [, file] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect([
        file,
        /^\/(docs\/|(openapi|asyncapi)\.json$)/.test(file ?? ''),
        (await fetch(`${api.url}${file}`)).status,
      ]).toEqual([file, true, 200])
    }
    const events = await fetch(`${api.url}/asyncapi.json`)
    expect([events.headers.get('content-type'), await events.json()]).toMatchObject([
      'application/json; charset=utf-8',
      { asyncapi: '3.1.0', channels: { 'finance.events.v1': {} } },
    ])
    expect((await fetch(`${api.url}/docs/problems`)).headers.get('content-type')).toContain('text/html')
    const headers = (await fetch(`${api.url}/`)).headers
    expect([
      headers.get('x-frame-options'),
      headers.get('x-content-type-options'),
      headers.get('x-powered-by'),
    ]).toEqual(['DENY', 'nosniff', null])
  })

  it('does not serve files outside of the page', async () => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/..%2f..%2f..%2fmain.ts',
      '/.git/config',
      '/main.ts',
    ]) {
      expect([path, (await fetch(`${api.url}${path}`)).status]).toEqual([path, 404])
    }
  })
})
