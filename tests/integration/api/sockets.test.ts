/**
 * Sockets against a real Redis with the stock `centrifuge` client: nothing missed, nothing twice, nothing of another
 * tenant; and what happens when clients are slow, tokens run out, or Redis is emptied or killed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { Centrifuge, type PublicationContext, type SubscribedContext, type Subscription } from 'centrifuge'
import { Redis } from 'ioredis'
import { type RawData, WebSocket as RawSocket } from 'ws'
import type { Payload } from '../../../api/live/publication.ts'
import { SESSION_LIMITS } from '../../../api/live/session.ts'
import { FiguresWriter } from './figures-writer.ts'
import { pause, PrivateRedis, until } from './private-redis.ts'
import { startTestApi, type TestApi } from './test-api.ts'

// The box may be busy: a test waits for what it expects, and this is only the end of its patience.
jest.setTimeout(60_000)

let redis: PrivateRedis
let client: Redis
let writer: FiguresWriter
let api: TestApi
const open: { disconnect(): void }[] = []

beforeAll(async () => {
  redis = await PrivateRedis.start()
  client = new Redis(redis.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {})
  writer = new FiguresWriter(client)
  const session = { ...SESSION_LIMITS, expiryGraceMs: 1_000 }
  api = await startTestApi({ redisUrl: redis.url, limits: { session } })
}, 60_000)

afterEach(() => {
  for (const one of open.splice(0)) one.disconnect()
})

afterAll(async () => {
  await api.close()
  client.disconnect()
  await redis.stop()
})

let tenants = 0
const newTenant = () => `socket-${++tenants}`

interface Watcher {
  readonly centrifuge: Centrifuge
  readonly subscription: Subscription
  readonly subscribed: SubscribedContext[]
  readonly got: PublicationContext[]
  readonly snapshot: () => Payload
}

async function watch(
  channel: string,
  token: string,
  options: { getToken?: () => Promise<string> } = {},
): Promise<Watcher> {
  const centrifuge = new Centrifuge(api.socketUrl, {
    token,
    minReconnectDelay: 50,
    maxReconnectDelay: 300,
    ...(options.getToken ? { getToken: options.getToken } : {}),
  })
  open.push(centrifuge)
  const subscription = centrifuge.newSubscription(channel, {
    minResubscribeDelay: 50,
    maxResubscribeDelay: 300,
  })
  const subscribed: SubscribedContext[] = []
  const got: PublicationContext[] = []
  subscription.on('subscribed', (context) => subscribed.push(context))
  subscription.on('publication', (context) => got.push(context))
  subscription.subscribe()
  centrifuge.connect()
  await until(`the subscription to ${channel}`, () => subscribed.length > 0)
  return { centrifuge, subscription, subscribed, got, snapshot: () => subscribed.at(-1)?.data as Payload }
}

const dso = (payload: Payload | undefined) => payload?.kpis?.['30d']?.measures['dso']?.value
const total = (payload: Payload | undefined) => payload?.aging?.['total']?.total
const offsets = (watcher: Watcher) =>
  watcher.got.flatMap(({ offset }) => (offset === undefined ? [] : [offset]))
const seen = (watcher: Watcher) =>
  watcher.got
    .filter(({ offset }) => offset !== undefined)
    .map(({ data }) => dso(data as Payload) ?? total(data as Payload))

describe('the stock centrifuge client', () => {
  it('gets the state in the reply and every change after it, on the channel of both feeds', async () => {
    const tenant = newTenant()
    await writer.kpi(tenant, { dso: '40', netRevenue: '1.00' })
    await writer.aging(tenant, { total: '100.00', c1: '100.00' })
    await writer.sync(tenant)
    const watcher = await watch(`dashboard:${tenant}`, await api.token(tenant))
    expect(watcher.subscribed[0]).toMatchObject({ recoverable: true, positioned: true, wasRecovering: false })
    expect(watcher.subscribed[0]?.streamPosition?.offset).toBe(2)
    expect(watcher.snapshot()).toMatchObject({
      type: 'snapshot',
      schema: 1,
      tenantId: tenant,
      state: 'whole',
      asOf: '2026-03-01',
    })
    expect([dso(watcher.snapshot()), total(watcher.snapshot())]).toEqual(['40', '100.00'])
    expect(watcher.snapshot().aging?.['customer:c1']?.customerName).toBe('Customer c1')
    await writer.kpi(tenant, { dso: '41' })
    await writer.aging(tenant, { total: '90.00' })
    await writer.kpi(tenant, { dso: '42' })
    await until('three changes', () => watcher.got.length === 3)
    expect(offsets(watcher)).toEqual([3, 4, 5])
    expect(seen(watcher)).toEqual(['41', '90.00', '42'])
    expect(watcher.got[0]?.data).toMatchObject({ type: 'delta', tenantId: tenant })
  })

  it('that was away gets exactly what it missed, once and in order', async () => {
    const tenant = newTenant()
    const watcher = await watch(`dashboard:${tenant}`, await api.token(tenant))
    await writer.kpi(tenant, { dso: '1' })
    await writer.sync(tenant)
    await until('a fresh state of the first history', () => watcher.subscribed.length > 1)
    await writer.kpi(tenant, { dso: '2' })
    await until('the first change', () => watcher.got.length === 1)
    watcher.centrifuge.disconnect()
    for (let n = 3; n <= 40; n++) {
      await writer.kpi(tenant, { dso: String(n) })
      if (n % 5 === 0) await writer.aging(tenant, { total: `${n}.00` })
    }
    const before = watcher.subscribed.length
    watcher.centrifuge.connect()
    await until('the way back', () => watcher.subscribed.length > before)
    expect(watcher.subscribed.at(-1)).toMatchObject({
      wasRecovering: true,
      recovered: true,
      hasRecoveredPublications: true,
    })
    await writer.kpi(tenant, { dso: '41' })
    await until('the last change', () => dso(watcher.got.at(-1)?.data as Payload) === '41')
    expect(seen(watcher).filter((value) => !value?.includes('.'))).toEqual(
      Array.from({ length: 40 }, (_, i) => String(i + 2)),
    )
    expect(seen(watcher).filter((value) => value?.includes('.'))).toEqual([
      '5.00',
      '10.00',
      '15.00',
      '20.00',
      '25.00',
      '30.00',
      '35.00',
      '40.00',
    ])
    expect(offsets(watcher)).toEqual(offsets(watcher).map((_, i) => (offsets(watcher)[0] ?? 0) + i))
  })

  it('loses nothing while clients come and go under a steady stream of changes', async () => {
    const tenant = newTenant()
    await writer.kpi(tenant, { dso: '0' })
    await writer.sync(tenant)
    const token = await api.token(tenant)
    let written = 0
    let writing = true
    const stream = (async () => {
      while (writing) await writer.kpi(tenant, { dso: String(++written) })
    })()
    const watchers: Watcher[] = []
    for (let i = 0; i < 8; i++) {
      watchers.push(await watch(`kpi:${tenant}`, token))
      if (i % 2 === 0) {
        const before = watchers[i]?.subscribed.length ?? 0
        watchers[i]?.centrifuge.disconnect()
        await pause(30)
        watchers[i]?.centrifuge.connect()
        await until('the way back', () => (watchers[i]?.subscribed.length ?? 0) > before)
      }
    }
    writing = false
    await stream
    expect(written).toBeGreaterThan(20)
    for (const watcher of watchers) {
      await until('the end of the stream', () => dso(watcher.got.at(-1)?.data as Payload) === String(written))
      const first = Number(watcher.subscribed[0]?.streamPosition?.offset)
      expect(dso(watcher.subscribed[0]?.data as Payload)).toBe(String(first - 1))
      expect(offsets(watcher)).toEqual(Array.from({ length: written + 1 - first }, (_, i) => first + 1 + i))
      expect(seen(watcher)).toEqual(Array.from({ length: written + 1 - first }, (_, i) => String(first + i)))
    }
  })

  it('is refused every channel of another tenant and hears nothing of it', async () => {
    const [own, other] = [newTenant(), newTenant()]
    await writer.kpi(other, { dso: '666' })
    await writer.sync(other)
    const watcher = await watch(`kpi:${own}`, await api.token(own))
    for (const channel of [`kpi:${other}`, `aging:${other}`, `dashboard:${other}`]) {
      const foreign = watcher.centrifuge.newSubscription(channel)
      const refused = new Promise<number>((resolve) =>
        foreign.on('unsubscribed', ({ code }) => resolve(code)),
      )
      foreign.subscribe()
      expect(await refused).toBe(103)
    }
    await writer.kpi(other, { dso: '667' })
    await pause(100)
    expect(watcher.got).toEqual([])
    expect(JSON.stringify(watcher.subscribed)).not.toContain('66')
  })

  it('is told an unknown channel, and goes on', async () => {
    const tenant = newTenant()
    const watcher = await watch(`kpi:${tenant}`, await api.token(tenant))
    const wrong = watcher.centrifuge.newSubscription('secrets:all')
    const refused = new Promise<number>((resolve) => wrong.on('unsubscribed', ({ code }) => resolve(code)))
    wrong.subscribe()
    expect(await refused).toBe(102)
    expect(watcher.centrifuge.state).toBe('connected')
  })

  it('refreshes its token in band and stays', async () => {
    const tenant = newTenant()
    let asked = 0
    const getToken = () => {
      asked++
      return api.token(tenant, { ttlSeconds: asked === 1 ? 2 : 600 })
    }
    const watcher = await watch(`kpi:${tenant}`, await api.token(tenant, { ttlSeconds: 2 }), { getToken })
    await pause(5_000)
    expect(asked).toBeGreaterThanOrEqual(2)
    expect([watcher.centrifuge.state, watcher.subscribed.length]).toEqual(['connected', 1])
  }, 10_000)

  it('with a token that is not valid is sent away for good', async () => {
    const centrifuge = new Centrifuge(api.socketUrl, { token: 'not.a.token' })
    open.push(centrifuge)
    const gone = new Promise<number>((resolve) => centrifuge.on('disconnected', ({ code }) => resolve(code)))
    centrifuge.connect()
    expect(await gone).toBe(3500)
  })
})

describe('when Redis', () => {
  it('was emptied, clients get a fresh state and no gap in silence', async () => {
    const tenant = newTenant()
    await writer.kpi(tenant, { dso: '7' })
    await writer.sync(tenant)
    const watcher = await watch(`dashboard:${tenant}`, await api.token(tenant))
    await client.flushall()
    await until('the news that the figures are gone', () => watcher.subscribed.length > 1)
    expect(watcher.subscribed.at(-1)).toMatchObject({ wasRecovering: true, recovered: false })
    expect(watcher.snapshot()).toMatchObject({ state: 'empty' })
    expect(dso(watcher.snapshot())).toBeUndefined()
    await writer.kpi(tenant, { dso: '8' })
    await writer.sync(tenant)
    await until('the figures of the new history', () => dso(watcher.snapshot()) === '8')
    expect(watcher.subscribed.at(-1)?.recovered).toBe(false)
    await writer.kpi(tenant, { dso: '9' })
    await until('its next change', () => dso(watcher.got.at(-1)?.data as Payload) === '9')
  }, 20_000)

  it('is killed, clients are told, come back by themselves, and see a fresh state', async () => {
    const tenant = newTenant()
    await writer.kpi(tenant, { dso: '7' })
    await writer.sync(tenant)
    const watcher = await watch(`kpi:${tenant}`, await api.token(tenant))
    let told = 0
    watcher.subscription.on('subscribing', () => told++)
    const before = watcher.subscribed.length
    await redis.kill()
    await until('the news', () => told > 0)
    expect(watcher.centrifuge.state).toBe('connected')
    expect((await fetch(`${api.url}/readyz`)).status).toBe(503)
    await redis.up()
    await until('the way back', () => watcher.subscribed.length > before, 10_000)
    // A server that was killed may have lost a tail: nothing of the run before is continued.
    expect(watcher.subscribed.at(-1)).toMatchObject({ wasRecovering: true, recovered: false })
    expect(watcher.snapshot()).toMatchObject({ state: 'rebuilding' })
    expect(dso(watcher.snapshot())).toBe('7')
    await writer.kpi(tenant, { dso: '8' })
    await writer.sync(tenant)
    await until('the newest figure', () => watcher.got.some(({ data }) => dso(data as Payload) === '8'))
    await until('the news that the figures are whole', () =>
      watcher.got.some(
        ({ data }) => (data as Payload).type === 'state' && (data as Payload).state === 'whole',
      ),
    )
  }, 40_000)
})

const textOf = (data: RawData): string =>
  Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as ArrayBuffer).toString()

const frames = (socket: RawSocket): Record<string, unknown>[] => {
  const got: Record<string, unknown>[] = []
  socket.on('message', (data) => {
    for (const line of textOf(data).split('\n')) got.push(JSON.parse(line) as Record<string, unknown>)
  })
  return got
}
const closeOf = (socket: RawSocket) =>
  new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
const opened = (socket: RawSocket) => new Promise((resolve) => socket.on('open', resolve))
const raw = (url: string, options: ConstructorParameters<typeof RawSocket>[2] = {}): RawSocket => {
  const socket = new RawSocket(url, [], options)
  socket.on('error', () => {})
  open.push({ disconnect: () => socket.terminate() })
  return socket
}

describe('the plain form', () => {
  it('joins with a token and gets the state, then updates', async () => {
    const tenant = newTenant()
    await writer.kpi(tenant, { dso: '40' })
    await writer.aging(tenant, { total: '100.00' })
    await writer.sync(tenant)
    const socket = raw(api.plainUrl)
    const got = frames(socket)
    await opened(socket)
    socket.send(JSON.stringify({ join: `tenant:${tenant}`, token: await api.token(tenant) }))
    await until('the state', () => got.length === 3)
    await writer.kpi(tenant, { dso: '41' })
    await until('an update', () => got.length === 4)
    expect(got.map(({ event }) => event)).toEqual(['joined', 'kpi:update', 'aging:update', 'kpi:update'])
    expect(got[1]).toMatchObject({ data: { window: '30d', kpis: { dso: { value: '40', unit: 'days' } } } })
    expect(got[2]).toMatchObject({ data: { aging: { total: { total: '100.00' } } } })
    expect(got[3]).toMatchObject({ data: { timestamp: expect.any(String), kpis: { dso: { value: '41' } } } })
  })

  it.each([
    ['the room of another tenant', { join: 'tenant:somebody-else' }, 3507],
    ['a token that is not valid', { token: 'nonsense' }, 3500],
    ['no token', { token: undefined }, 3501],
    ['a field that is not known', { admin: true }, 3501],
  ])('is closed for %s', async (_, change, code) => {
    const tenant = newTenant()
    const socket = raw(api.plainUrl)
    const got = frames(socket)
    await opened(socket)
    const closed = closeOf(socket)
    socket.send(JSON.stringify({ join: `tenant:${tenant}`, token: await api.token(tenant), ...change }))
    expect((await closed).code).toBe(code)
    expect(got).toEqual([])
  })

  it('says stale when Redis has lost the figures, and sends them when they are back', async () => {
    const tenant = newTenant()
    await writer.kpi(tenant, { dso: '40' })
    await writer.sync(tenant)
    const socket = raw(api.plainUrl)
    const got = frames(socket)
    await opened(socket)
    socket.send(JSON.stringify({ join: `tenant:${tenant}`, token: await api.token(tenant) }))
    await until('the state', () => got.length === 2)
    await client.flushall()
    await until('stale', () => got.some(({ event }) => event === 'stale'))
    await writer.kpi(tenant, { dso: '50' })
    await writer.sync(tenant)
    await until('the new state', () => JSON.stringify(got.at(-1)).includes('"50"'), 10_000)
  }, 20_000)
})

describe('a connection', () => {
  it('may come from our own page and from programs, not from a page of elsewhere', async () => {
    const { host } = new URL(api.url)
    const outcome = (origin: string | undefined) =>
      new Promise<number>((resolve) => {
        const socket = raw(api.socketUrl, origin === undefined ? {} : { origin })
        socket.on('open', () => resolve(101))
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      })
    const own = [undefined, `http://${host}`]
    const foreign = [
      'null',
      'http://evil.example',
      `http://${host}.evil.example`,
      'http://127.0.0.1',
      `ftp://${host}`,
      `http://${host}/`,
      `HTTP://${host}`,
    ]
    expect(await Promise.all(own.map(outcome))).toEqual(own.map(() => 101))
    expect(await Promise.all(foreign.map(outcome))).toEqual(foreign.map(() => 403))
  })

  it('with a frame above 64 KiB, many fragments or bad UTF-8 is closed', async () => {
    const large = raw(api.socketUrl)
    await opened(large)
    const first = closeOf(large)
    large.send('x'.repeat(65_537))
    expect((await first).code).toBe(1009)
    const flood = raw(api.socketUrl)
    await opened(flood)
    const second = closeOf(flood)
    for (let i = 0; i < 100; i++) flood.send('x', { fin: false })
    expect([1008, 1006]).toContain((await second).code)
    const garbled = raw(api.socketUrl)
    await opened(garbled)
    const third = closeOf(garbled)
    garbled.send(Buffer.from([0xc3, 0x28]), { binary: false })
    expect((await third).code).toBe(1007)
  })

  it('that sends anything before a token, or nonsense, is closed as a bad request', async () => {
    for (const text of [
      '{"id":1,"subscribe":{"channel":"kpi:x"}}',
      'hello',
      '[]',
      '{"id":1,"connect":{},"refresh":{"token":"x"}}',
    ]) {
      const socket = raw(api.socketUrl)
      await opened(socket)
      const closed = closeOf(socket)
      socket.send(text)
      expect([text, (await closed).code]).toEqual([text, 3501])
    }
  })

  it('that gives no token in time is closed as stale', async () => {
    const quick = await startTestApi({
      redisUrl: redis.url,
      limits: { session: { ...SESSION_LIMITS, connectMs: 300 } },
    })
    try {
      const sockets = [raw(quick.socketUrl), raw(quick.plainUrl)]
      const codes = await Promise.all(sockets.map(closeOf))
      expect(codes.map(({ code }) => code)).toEqual([3502, 3502])
    } finally {
      await quick.close()
    }
  })

  it('whose token ran out and was not refreshed is closed', async () => {
    const tenant = newTenant()
    const socket = raw(api.socketUrl)
    await opened(socket)
    const closed = closeOf(socket)
    socket.send(JSON.stringify({ id: 1, connect: { token: await api.token(tenant, { ttlSeconds: 1 }) } }))
    expect(await closed).toEqual({ code: 3005, reason: 'connection expired' })
  }, 10_000)

  it('that does not read is merged for, then closed as slow, while its neighbour misses nothing', async () => {
    const outlet = { softBytes: 16_384, blockedMs: 1_500, keysMax: 5_000 }
    const strict = await startTestApi({ redisUrl: redis.url, limits: { outlet } })
    try {
      const tenant = newTenant()
      const token = await strict.token(tenant)
      const slow = raw(strict.socketUrl)
      await opened(slow)
      const closed = closeOf(slow)
      slow.send(JSON.stringify({ id: 1, connect: { token } }))
      slow.send(JSON.stringify({ id: 2, subscribe: { channel: `kpi:${tenant}` } }))
      const neighbour = raw(strict.socketUrl)
      const got = frames(neighbour)
      await opened(neighbour)
      neighbour.send(JSON.stringify({ id: 1, connect: { token } }))
      neighbour.send(JSON.stringify({ id: 2, subscribe: { channel: `kpi:${tenant}` } }))
      await until('the subscriptions', () => got.length === 2)
      await writer.kpi(tenant, { dso: '0' })
      await until('the first history', () =>
        got.some((frame) => JSON.stringify(frame).includes('unsubscribe')),
      )
      for (const socket of [slow, neighbour])
        socket.send(JSON.stringify({ id: 3, subscribe: { channel: `kpi:${tenant}` } }))
      await until('the way back', () => got.some(({ id }) => id === 3))
      slow.pause()
      const large = 'x'.repeat(20_000)
      const count = 400
      for (let n = 1; n <= count; n++) await writer.kpi(tenant, { dso: String(n), filler: large })
      await pause(3_000)
      const metrics = await (await fetch(`${strict.url}/metrics`)).text()
      slow.resume()
      const end = await closed
      expect([3008, 1006]).toContain(end.code)
      expect(metrics).toMatch(/nikash_ws_dropped_updates_total\{reason="merged"[^}]*\} [1-9]/)
      const offsetsSeen = got.flatMap((frame) => {
        const push = frame['push'] as { pub?: { offset: number } } | undefined
        return push?.pub ? [push.pub.offset] : []
      })
      expect(offsetsSeen.slice(-count)).toEqual(Array.from({ length: count }, (_, i) => i + 2))
    } finally {
      await strict.close()
    }
  }, 30_000)

  it('is told to come back elsewhere when the API stops', async () => {
    const stopping = await startTestApi({ redisUrl: redis.url })
    const socket = raw(stopping.socketUrl)
    await opened(socket)
    const closed = closeOf(socket)
    await stopping.close()
    expect((await closed).code).toBe(3001)
  })
})
