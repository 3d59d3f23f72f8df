/**
 * Alerts through the whole flow: a rule and documents over HTTP become an alert on the topic, in ClickHouse, in Redis, at
 * both sockets and in the API; its life by commands through the API; a rule edit while it is open; an analyst's eyes.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createClient } from '@clickhouse/client'
import { Centrifuge, type PublicationContext, type Subscription } from 'centrifuge'
import { Redis } from 'ioredis'
import { WebSocket } from 'ws'
import { keysOf } from '../../sinks/redis/contract.ts'
import { type Books, openBooks } from '../support/books.ts'
import { command, eventually, read, request } from '../support/http.ts'
import { describeStack, signToken } from '../support/stack.ts'

interface Alert {
  readonly id: string
  readonly ruleId: string
  readonly state: string
  readonly value: string
  readonly message: string
  readonly actor: string | null
  readonly note: string | null
  readonly escalatedTo: string | null
  readonly clearedAt: string | null
}
interface LiveAlert {
  readonly ruleId: string
  readonly state: string
}
interface Frame {
  readonly alerts?: Record<string, LiveAlert | null>
}

const DHAKA_MS = 6 * 3_600_000
const daysFromNow = (days: number) =>
  new Date(Date.now() + days * 86_400_000 + DHAKA_MS).toISOString().slice(0, 10)

describeStack(
  'alerts',
  [
    'apiUrl',
    'commandsUrl',
    'jwtAccessSecret',
    'redisUrl',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
  ],
  (stack) => {
    let books: Books
    let other: Books
    let redis: Redis
    let client: Centrifuge
    let channel: Subscription
    let plain: WebSocket
    const live: Record<string, LiveAlert> = {}
    const offsets: number[] = []
    const frames: { event: string; data: { alerts?: Record<string, LiveAlert | null> } }[] = []

    const put = ({ alerts }: Frame) => {
      for (const [id, alert] of Object.entries(alerts ?? {})) {
        if (alert === null) delete live[id]
        else live[id] = alert
      }
    }
    const api = (path: string, token = books.reader) =>
      read<{ data: Alert[] }>(stack.apiUrl, path, token).then(({ data }) => data)
    const post = (id: string, move: string, body: object, token = books.writer) =>
      request<{ code?: string; id?: string }>('POST', `${stack.apiUrl}/v1/alerts/${id}/${move}`, {
        token,
        body,
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
    const rule = (body: object) => command(stack.commandsUrl, '/v1/alert-rules', books.writer, body)
    const alertOf = async (ruleId: string): Promise<Alert> => {
      const [found] = (await api('/v1/alerts')).filter((one) => one.ruleId === ruleId)
      if (found === undefined) throw new Error(`no alert of ${ruleId} yet`)
      return found
    }

    beforeAll(async () => {
      books = await openBooks(stack, { prefix: 'alert' })
      other = await openBooks(stack, { prefix: 'alert-other' })
      redis = new Redis(stack.redisUrl)
      client = new Centrifuge(`${stack.apiUrl.replace('http', 'ws')}/connection/websocket`, {
        token: books.reader,
        websocket: WebSocket,
      })
      channel = client.newSubscription(`alerts:${books.tenant}`)
      channel.on('subscribed', ({ data }) => put(data as Frame))
      channel.on('publication', (context: PublicationContext) => {
        if (context.offset !== undefined) offsets.push(context.offset)
        put(context.data as Frame)
      })
      channel.subscribe()
      client.connect()
      plain = new WebSocket(`${stack.apiUrl.replace('http', 'ws')}/ws`)
      plain.on('open', () =>
        plain.send(JSON.stringify({ join: `tenant:${books.tenant}`, token: books.reader })),
      )
      plain.on('message', (data) =>
        frames.push(JSON.parse((data as Buffer).toString('utf8')) as (typeof frames)[number]),
      )
    }, 90_000)
    afterAll(async () => {
      client?.disconnect()
      plain?.close()
      await redis?.quit()
    })

    it('C-46 and C-45 reach the API, Redis and both sockets', async () => {
      await books.invoice('8000.00', { invoiceDate: daysFromNow(-20), dueDate: daysFromNow(-10) })
      await books.invoice('2000.00', { invoiceDate: daysFromNow(-200), dueDate: daysFromNow(-150) })
      await rule({
        id: 'owed',
        measure: 'receivablesTotal',
        operator: 'ABOVE',
        threshold: '10000',
        severity: 'INFO',
      })
      // 20.00 % is silent, and so is a total at the threshold.
      await books.invoice('0.01', { invoiceDate: daysFromNow(-200), dueDate: daysFromNow(-150) })
      const share = await eventually('the alert of old receivables', () => alertOf('receivables-over-90'))
      expect(share).toMatchObject({ state: 'OPEN', value: '20.0001' })
      const owed = await eventually('the alert of the own rule', () => alertOf('owed'))
      expect(owed).toMatchObject({ state: 'OPEN', value: '10000.01' })
      await eventually('both at the socket', async () =>
        expect(
          Object.values(live)
            .map(({ ruleId }) => ruleId)
            .sort(),
        ).toEqual(['owed', 'receivables-over-90']),
      )
      expect(Object.keys(await redis.hgetall(keysOf(books.tenant).alerts)).sort()).toEqual(
        [share.id, owed.id].sort(),
      )
      await eventually('frames of the plain form', async () =>
        expect(
          frames
            .filter(({ event }) => event === 'alert')
            .flatMap(({ data }) => Object.keys(data.alerts ?? {}))
            .sort(),
        ).toEqual([share.id, owed.id].sort()),
      )
      expect(await api('/v1/alerts', other.reader)).toEqual([])
      expect((await post(share.id, 'acknowledge', {}, other.writer)).status).toBe(404)
    }, 90_000)

    it('goes by its life: illegal moves are refused, who and why is kept', async () => {
      const { id } = await alertOf('receivables-over-90')
      expect(await post(id, 'resolve', {})).toMatchObject({
        status: 409,
        body: { code: 'alert_not_acknowledged' },
      })
      expect(await post(id, 'acknowledge', {}, books.reader)).toMatchObject({ status: 403 })
      expect(await post(id, 'acknowledge', { remark: 'x' })).toMatchObject({ status: 400 })
      expect(await post(id, 'acknowledge', { note: 'আমি দেখছি' })).toMatchObject({ status: 202 })
      await eventually('acknowledged', async () => {
        expect(await alertOf('receivables-over-90')).toMatchObject({
          state: 'ACKNOWLEDGED',
          note: 'আমি দেখছি',
        })
        expect(live[id]?.state).toBe('ACKNOWLEDGED')
      })
      expect((await alertOf('receivables-over-90')).actor).toMatch(/^user:/)
      expect(await post(id, 'escalate', { escalatedTo: 'the owner' })).toMatchObject({ status: 202 })
      expect(await post(id, 'resolve', { note: 'paid in cash' })).toMatchObject({ status: 202 })
      expect(await post(id, 'escalate', {})).toMatchObject({ status: 409, body: { code: 'alert_resolved' } })
      await eventually('resolved', async () => {
        expect(await alertOf('receivables-over-90')).toMatchObject({
          state: 'RESOLVED',
          note: 'paid in cash',
        })
        expect(live[id]).toBeUndefined()
      })
      expect((await post('al-00000000000000000000000000000000', 'acknowledge', {})).status).toBe(404)
    }, 60_000)

    it('a rule edit is effective at once, and clears what no longer holds', async () => {
      const before = await alertOf('owed')
      await rule({
        id: 'owed',
        measure: 'receivablesTotal',
        operator: 'ABOVE',
        threshold: '20000',
        severity: 'INFO',
      })
      await eventually('cleared', async () =>
        expect(await alertOf('owed')).toMatchObject({ id: before.id, state: 'CLEARED' }),
      )
      expect((await alertOf('owed')).clearedAt).not.toBeNull()
      const rules = await read<{ data: { id: string; threshold: string; builtIn: boolean }[] }>(
        stack.apiUrl,
        '/v1/alert-rules',
        books.reader,
      )
      expect(rules.data.find(({ id }) => id === 'owed')).toMatchObject({ threshold: '20000', builtIn: false })
      await eventually('gone from the socket', async () => expect(live).toEqual({}))
    }, 60_000)

    it('of a shortage of cash and of a failed payment come too; offsets have no gaps; nothing is double', async () => {
      await command(stack.commandsUrl, '/v1/vendors', books.writer, {
        id: 'v-1',
        name: 'Karim Steel',
        tin: '123456789012',
      })
      await command(stack.commandsUrl, '/v1/bills', books.writer, {
        vendorId: 'v-1',
        vendorInvoiceNumber: 'KS-1',
        status: 'APPROVED',
        dueDate: daysFromNow(3),
        lines: [{ description: 'steel', unitPrice: '10000.02', vatCode: 'none', vatRate: '0' }],
      })
      const shortage = await eventually('the shortage', () => alertOf('cash-flow'))
      expect(shortage).toMatchObject({ state: 'OPEN', value: '-0.01' })
      expect(shortage.message).toContain('in 3 days')
      const payment = await books.payment('50.00')
      await command(stack.commandsUrl, `/v1/payments/${payment}/fail`, books.writer, { reason: 'no funds' })
      await eventually('the failed payment', () => alertOf('failed-payment'))
      await eventually('both at the socket', async () =>
        expect(
          Object.values(live)
            .map(({ ruleId }) => ruleId)
            .sort(),
        ).toEqual(['cash-flow', 'failed-payment']),
      )
      expect(offsets).toEqual(offsets.map((_, i) => (offsets[0] ?? 0) + i))
      const clickhouse = createClient({
        url: stack.clickhouseUrl,
        username: stack.clickhouseUser,
        password: stack.clickhousePassword,
      })
      const found = await clickhouse.query({
        query: `SELECT count() AS n, uniqExact(alert_id) AS ids FROM finance.alerts WHERE tenant_id = '${books.tenant}'`,
        format: 'JSONEachRow',
      })
      const [{ n, ids } = { n: 0, ids: 0 }] = await found.json<{ n: number; ids: number }>()
      await clickhouse.close()
      expect([Number(n), Number(ids)]).toEqual([Number(ids), (await api('/v1/alerts')).length])
    }, 90_000)

    it('a subscriber that comes later gets the live ones as its snapshot, and only those of its tenant', async () => {
      const late = new Centrifuge(`${stack.apiUrl.replace('http', 'ws')}/connection/websocket`, {
        token: await signToken(stack.jwtAccessSecret, {
          tenant: books.tenant,
          role: 'reader',
          lifeSeconds: 600,
        }),
        websocket: WebSocket,
      })
      const wanted = late.newSubscription(`alerts:${books.tenant}`)
      const foreign = late.newSubscription(`alerts:${other.tenant}`)
      const snapshot = new Promise<Frame>((resolve) =>
        wanted.on('subscribed', ({ data }) => resolve(data as Frame)),
      )
      const refused = new Promise<number>((resolve) =>
        foreign.on('unsubscribed', ({ code }) => resolve(code)),
      )
      wanted.subscribe()
      foreign.subscribe()
      late.connect()
      expect(Object.keys((await snapshot).alerts ?? {}).sort()).toEqual(Object.keys(live).sort())
      expect(await refused).toBe(103)
      late.disconnect()
    }, 60_000)
  },
)
