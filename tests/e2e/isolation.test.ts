/**
 * Two tenants, one with marks in every text and amount of every kind of document (support/canary-books.ts). With the
 * other's token no byte of it is seen: over HTTP on every GET of both OpenAPI documents, on sockets, in Redis under the
 * own keys, in ClickHouse with the own analyst. Each of these places is asked by the owner too and must show a mark
 * there: so a new route, key or relation whose canary is missing fails here.
 */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Centrifuge } from 'centrifuge'
import { Redis } from 'ioredis'
import WebSocket from 'ws'
import { type Books, openBooks } from '../support/books.ts'
import { IMPORT_ID, type MarkedBooks, marked, marksIn, openMarkedBooks } from '../support/canary-books.ts'
import { command, eventually, read, request } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}
interface Route {
  readonly base: string
  readonly template: string
  readonly required: readonly string[]
}

/** What required parameters are asked with; the ids of documents come from the lists of their owner. */
const VALUES: Readonly<Record<string, string>> = { name: 'netRevenue', by: 'customer', week: '1' }

describeStack(
  'another tenant',
  [
    'apiUrl',
    'commandsUrl',
    'clickhouseUrl',
    'clickhouseUser',
    'clickhousePassword',
    'clickhouseAnalystSecret',
    'redisUrl',
    'jwtAccessSecret',
  ],
  (stack) => {
    let a: Books
    let b: MarkedBooks
    let redis: Redis
    beforeAll(async () => {
      redis = new Redis(stack.redisUrl)
      a = await openBooks(stack, { prefix: 'iso-a', name: 'Alpha', customer: 'Alpha customer' })
      b = await openMarkedBooks(stack)
      await a.invoice('11.00', { reference: 'alpha', category: 'alpha' })
      // The same ids as the other's masters.
      const post = (path: string, body: object) => command(stack.commandsUrl, path, a.writer, body)
      await post('/v1/vendors', { id: 'vend-1', name: 'alpha', tin: '210987654321' })
      await post('/v1/products', { id: 'prod-1', name: 'alpha', unit: 'PCS' })
      await eventually('the books of both to be readable', async () => {
        expect(leaks(await read(stack.apiUrl, '/v1/stock', b.reader))).not.toEqual([])
        expect(JSON.stringify(await read(stack.apiUrl, '/v1/receivables/aging', a.reader))).toContain('11.00')
      })
    }, 120_000)
    afterAll(() => redis?.disconnect())

    const leaks = (value: unknown): string[] =>
      marksIn(typeof value === 'string' ? value : JSON.stringify(value), b.ids)

    /** All GETs that a service says it has. */
    const routesOf = async (base: string): Promise<Route[]> => {
      const { paths } = await read<{
        paths: Record<string, { get?: { parameters?: readonly Parameter[] } }>
      }>(base, '/openapi.json', a.reader)
      return Object.entries(paths).flatMap(([template, { get }]) => {
        if (get === undefined) return []
        const required = (get.parameters ?? []).filter((one) => one.in === 'query' && one.required === true)
        return [{ base, template, required: required.map(({ name }) => name) }]
      })
    }

    const valueOf = (name: string, template: string): string => {
      const value = VALUES[name]
      if (value === undefined) throw new Error(`${template}: VALUES says nothing of ${name}`)
      return value
    }

    /** First id of the list that a single read belongs to, as its owner sees it. */
    const idOf = async ({ base, template }: Route): Promise<string> => {
      if (base === stack.commandsUrl) return IMPORT_ID
      const list = template.slice(0, template.indexOf('/{id}'))
      const { data } = await read<{ data: readonly Record<string, unknown>[] }>(base, list, b.reader)
      const own = data.find((row) => leaks(row).length > 0)
      // A list without ids of its own is of products.
      const id = own?.['id'] ?? own?.['productId']
      if (typeof id !== 'string') throw new Error(`${list} shows its owner no mark: give openMarkedBooks one`)
      return id
    }

    const addressOf = async (route: Route): Promise<{ path: string; id: string | undefined }> => {
      const { template, required } = route
      const id = template.includes('{id}') ? await idOf(route) : undefined
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(name === 'id' ? (id ?? '') : valueOf(name, template)),
      )
      const query = required.map((name) => `${name}=${valueOf(name, template)}`)
      return { path: path + (query.length === 0 ? '' : `?${query.join('&')}`), id }
    }

    it('shows nothing on any GET of the API and of the commands, each of which shows its owner a mark', async () => {
      const routes = [...(await routesOf(stack.apiUrl)), ...(await routesOf(stack.commandsUrl))]
      expect(routes.length).toBeGreaterThan(50)
      for (const route of routes) {
        const { path, id } = await addressOf(route)
        // Readers have no business at the command service.
        const own = route.base === stack.apiUrl ? 'reader' : 'writer'
        await eventually(`${path} to show its owner a mark`, async () => {
          const answer = await request<unknown>('GET', route.base + path, { token: b[own] })
          expect([path, answer.status, leaks(answer.body).length > 0]).toEqual([path, 200, true])
        })
        const smuggled = `${path}${path.includes('?') ? '&' : '?'}tenantId=${b.tenant}&tenant=${b.tenant}`
        const ofTenant = id === undefined ? [] : [path.replace(encodeURIComponent(id), b.tenant)]
        for (const asked of [path, smuggled, ...ofTenant]) {
          const answer = await request<unknown>('GET', route.base + asked, {
            token: a[own],
            headers: { 'x-tenant-id': b.tenant },
          })
          const text = JSON.stringify(answer.body) + JSON.stringify([...answer.headers])
          // A problem may repeat what was asked for; an answer may not.
          const told = answer.status < 400 ? text : [asked, id ?? '', b.tenant].reduce(without, text)
          expect([asked, leaks(told)]).toEqual([asked, []])
        }
      }
    }, 480_000)

    const without = (text: string, word: string): string => (word === '' ? text : text.replaceAll(word, ''))

    it('can be neither read nor written by id', async () => {
      const [invoiceB = ''] = b.ids
      expect(
        (await request('GET', `${stack.apiUrl}/v1/invoices/${invoiceB}`, { token: a.reader })).status,
      ).toBe(404)
      const headers = { 'idempotency-key': crypto.randomUUID() }
      const cancel = await request('POST', `${stack.commandsUrl}/v1/invoices/${invoiceB}/cancel`, {
        token: a.writer,
        body: {},
        headers,
      })
      expect(cancel.status).toBe(404)
      const smuggled = await request('POST', `${stack.commandsUrl}/v1/customers`, {
        token: a.writer,
        body: { name: 'x', tenantId: b.tenant },
      })
      expect(smuggled.status).toBe(400)
      for (const path of ['/v1/tenants', `/v1/tenants/${b.tenant}`]) {
        const tenants = await request('GET', stack.commandsUrl + path, { token: a.writer })
        expect([path, tenants.status]).toEqual([path, 403])
      }
    })

    it('is refused on sockets of both kinds', async () => {
      const client = new Centrifuge(`${stack.apiUrl.replace(/^http/, 'ws')}/connection/websocket`, {
        token: a.reader,
      })
      const seen: string[] = []
      for (const kind of ['kpi', 'aging', 'alerts', 'dashboard']) {
        const subscription = client.newSubscription(`${kind}:${b.tenant}`)
        subscription.on('subscribed', () => seen.push('subscribed'))
        subscription.on('publication', (context) => seen.push(JSON.stringify(context.data)))
        subscription.on('unsubscribed', (context) => seen.push(`refused ${context.code}`))
        subscription.subscribe()
      }
      client.connect()
      await eventually('four refusals', async () =>
        expect(seen).toEqual(['refused 103', 'refused 103', 'refused 103', 'refused 103']),
      )
      client.disconnect()

      const plain = new WebSocket(`${stack.apiUrl.replace(/^http/, 'ws')}/ws`)
      const frames: string[] = []
      plain.on('message', (data: Buffer) => frames.push(data.toString('utf8')))
      const closed = new Promise<number>((resolve) => plain.on('close', resolve))
      await new Promise((resolve) => plain.on('open', resolve))
      plain.send(JSON.stringify({ join: `tenant:${b.tenant}`, token: a.reader }))
      expect(await closed).toBeGreaterThanOrEqual(3500)
      expect(frames.flatMap(leaks)).toEqual([])
    }, 30_000)

    it('sends nothing to sockets of somebody else', async () => {
      const KINDS = ['kpi', 'aging', 'alerts'] as const
      const listen = (books: Books) => {
        const frames: Record<string, string> = {}
        const client = new Centrifuge(`${stack.apiUrl.replace(/^http/, 'ws')}/connection/websocket`, {
          token: books.reader,
        })
        for (const kind of KINDS) {
          const subscription = client.newSubscription(`${kind}:${books.tenant}`)
          const take = ({ data }: { data?: unknown }) => {
            frames[kind] = (frames[kind] ?? '') + JSON.stringify(data)
          }
          subscription.on('subscribed', take)
          subscription.on('publication', take)
          subscription.subscribe()
        }
        client.connect()
        return { frames, close: () => client.disconnect() }
      }
      const [ofA, ofB] = [listen(a), listen(b)]
      try {
        await eventually('both to listen', async () => {
          for (const { frames } of [ofA, ofB])
            expect(Object.keys(frames).toSorted()).toEqual(KINDS.toSorted())
        })
        for (const kind of KINDS) expect([kind, leaks(ofB.frames[kind])]).not.toEqual([kind, []])
        await b.invoice(marked(2))
        await a.invoice('12.00')
        await eventually('the figures of both', async () => {
          expect(ofB.frames['aging']).toContain(marked(5))
          expect(ofA.frames['aging']).toContain('23.00')
        })
        for (const kind of KINDS) expect([kind, leaks(ofA.frames[kind])]).toEqual([kind, []])
      } finally {
        ofA.close()
        ofB.close()
      }
    }, 60_000)

    const valueAt = async (key: string): Promise<string> => {
      const type = await redis.type(key)
      if (type === 'hash') return JSON.stringify(await redis.hgetall(key))
      if (type === 'stream') return JSON.stringify(await redis.xrange(key, '-', '+'))
      return (await redis.get(key)) ?? ''
    }
    const keysLike = async (pattern: string): Promise<string[]> => {
      const found = new Set<string>()
      let cursor = '0'
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 500)
        cursor = next
        for (const key of keys) found.add(key)
      } while (cursor !== '0')
      return [...found]
    }

    it('shares no key in Redis', async () => {
      const mixed: string[] = []
      // Books that an earlier run marked in the same stack have the same amounts.
      for (const key of await keysLike('*'))
        if (!key.includes('{iso-b-') && leaks(await valueAt(key)).length > 0) mixed.push(key)
      expect(mixed).toEqual([])
      const held: string[] = []
      for (const key of await keysLike(`n:{${b.tenant}}*`))
        if (leaks(await valueAt(key)).length > 0) held.push(key.slice(`n:{${b.tenant}}:`.length))
      expect(held).toEqual(
        expect.arrayContaining(['kpi:30d', 'aging:receivables', 'aging:payables', 'alerts', 'feed']),
      )
    })

    it('shows no row to an analyst in ClickHouse, in any table or view, each of which shows its owner a mark', async () => {
      const askAs = async (tenant: string, query: string) => {
        const user = `analyst_${tenant}`
        const password = createHmac('sha256', stack.clickhouseAnalystSecret).update(user).digest('hex')
        const response = await fetch(
          `${stack.clickhouseUrl}/?database=finance&query=${encodeURIComponent(query)}`,
          { headers: { 'x-clickhouse-user': user, 'x-clickhouse-key': password } },
        )
        return { status: response.status, text: await response.text() }
      }
      const tables = (await askAs(a.tenant, 'SHOW TABLES FROM finance')).text.trim().split('\n')
      expect(tables.length).toBeGreaterThan(30)
      const unmarked: string[] = []
      for (const table of tables) {
        const query = `SELECT * FROM finance.\`${table}\` FORMAT JSONEachRow`
        expect([table, leaks((await askAs(a.tenant, query)).text)]).toEqual([table, []])
        const own = await askAs(b.tenant, query)
        if (own.status === 200 && leaks(own.text).length === 0) unmarked.push(table)
      }
      expect(unmarked).toEqual([])
      const own = await askAs(a.tenant, 'SELECT count() FROM finance.fct_invoices')
      expect([own.status, own.text.trim()]).toEqual([200, '2'])
    }, 60_000)
  },
)
