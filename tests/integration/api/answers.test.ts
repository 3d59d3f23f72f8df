/**
 * Kept answers on a real Redis and a real ClickHouse: a second question is a hit, an event ends the answers of its tenant
 * and of no other, and without Redis the answers are the same.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { Redis } from 'ioredis'
import { type AnswersOptions, createAnswers, type Outcome } from '../../../api/reads/answers.ts'
import type { Facts } from '../../../api/reads/facts.ts'
import { CACHE_SECONDS, type CacheKind, keysOf } from '../../../sinks/redis/contract.ts'
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import { describeStack } from '../../support/stack.ts'
import { expense, FactsWriter, invoice, payment } from './facts.ts'
import { FiguresWriter } from './figures-writer.ts'
import { PrivateRedis, until } from './private-redis.ts'
import { startTestApi, type TestApi } from './test-api.ts'

jest.setTimeout(60_000)

const run = Date.now().toString(36)
const ACME = `kept-acme-${run}`
const BOLT = `kept-bolt-${run}`

const DASHBOARD = '/finance/dashboard?from=2026-02-01&to=2026-03-01'
const QUESTIONS: readonly (readonly [kind: CacheKind, path: string])[] = [
  ['dashboard', DASHBOARD],
  ['report', '/v1/reports/balance-sheet?asOf=2026-03-01'],
  ['report', '/v1/reports/profit-and-loss?from=2026-02-01&to=2026-03-01&compare=previous'],
  ['report', '/v1/reports/cash-flow?asOf=2026-03-01&method=indirect'],
  ['report', '/v1/receivables/aging?asOf=2026-02-15&groupBy=customer&limit=1'],
  ['report', '/v1/payables/aging?asOf=2026-02-15&basis=posting'],
  ['balance', '/v1/reports/trial-balance?asOf=2026-03-01'],
  ['master', '/v1/customers?limit=1'],
  ['master', '/v1/customers/c1'],
]

describeStack('kept answers', ['clickhouseUrl', 'clickhouseUser', 'clickhousePassword'], (stack) => {
  const clickhouse = {
    url: stack.clickhouseUrl,
    user: stack.clickhouseUser,
    password: stack.clickhousePassword,
  }
  let redis: PrivateRedis
  let client: Redis
  let figures: FiguresWriter
  let facts: FactsWriter
  let api: TestApi
  const tokens = new Map<string, string>()

  beforeAll(async () => {
    redis = await PrivateRedis.start()
    client = new Redis(redis.url, { maxRetriesPerRequest: null })
    client.on('error', () => {})
    figures = new FiguresWriter(client)
    api = await startTestApi({ redisUrl: redis.url, clickhouse })
    facts = new FactsWriter(clickhouse)
    for (const tenant of [ACME, BOLT]) {
      tokens.set(tenant, await api.token(tenant))
      facts
        .add(tenant, 'CustomerCreated', 'c1', {
          ...defaultsOf('CustomerCreated'),
          customerNumber: 'C-1',
          name: 'Padma',
          active: true,
        })
        .add(
          tenant,
          'InvoiceCreated',
          'i1',
          invoice({ customer: 'c1', from: '2026-02-01', due: '2026-02-10', net: '100' }),
        )
        .add(
          tenant,
          'PaymentReceived',
          'p1',
          payment({ customer: 'c1', on: '2026-02-05', amount: '30', allocations: { i1: '30' } }),
        )
        .add(tenant, 'ExpenseApproved', 'e1', expense('2026-02-06', '7'))
    }
    await facts.write()
  })

  afterAll(async () => {
    await api?.close()
    await facts?.close()
    client?.disconnect()
    await redis?.stop()
  })

  /** The answer without what is its own each time, and what it says of itself. */
  const ask = async (path: string, tenant = ACME, of = api) => {
    const response = await of.get(path, tokens.get(tenant) ?? '')
    const body = (await response.json()) as Record<string, unknown>
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
    const queryTime = (body['metadata'] as { queryTime?: number } | undefined)?.queryTime
    return {
      text: JSON.stringify(body, (name, value: unknown) => (name === 'queryTime' ? 0 : value)),
      body,
      queryTime,
      status: response.headers.get('cache-status') ?? '',
    }
  }
  const keys = async (tenant: string) => (await client.keys(`n:{${tenant}}:cache:*`)).sort()
  const forget = async () => {
    for (const tenant of [ACME, BOLT]) {
      const all = await keys(tenant)
      if (all.length > 0) await client.del(...all)
    }
  }
  const outcomes = async (kind: CacheKind): Promise<Record<string, number>> => {
    const text = await (await fetch(`${api.url}/metrics`)).text()
    const found = text.matchAll(/nikash_api_answers_total\{([^}]*)\} (\d+)/g)
    const counts: Record<string, number> = {}
    for (const [, labels = '', count] of found)
      if (labels.includes(`kind="${kind}"`)) counts[/outcome="(\w+)"/.exec(labels)?.[1] ?? ''] = Number(count)
    return counts
  }

  it.each(QUESTIONS)(
    '%s %s: the second is a hit with the same body, and the entry ends in time',
    async (kind, path) => {
      await forget()
      const before = await outcomes(kind)
      const [first, second] = [await ask(path), await ask(path)]
      expect([first.status, second.status]).toEqual(['nikash; fwd=miss; stored', 'nikash; hit'])
      expect(second.text).toBe(first.text)
      const after = await outcomes(kind)
      expect([
        (after['miss'] ?? 0) - (before['miss'] ?? 0),
        (after['hit'] ?? 0) - (before['hit'] ?? 0),
      ]).toEqual([1, 1])
      const [key = '', ...more] = await keys(ACME)
      expect([more, await keys(BOLT)]).toEqual([[], []])
      expect(key.startsWith(`n:{${ACME}}:cache:${kind}:`)).toBe(true)
      const left = await client.ttl(key)
      expect(left).toBeGreaterThan(CACHE_SECONDS[kind] - 50)
      expect(left).toBeLessThanOrEqual(CACHE_SECONDS[kind])
    },
  )

  it('has the seconds and the key of the dashboard that clients were promised, and a time of its own in each answer', async () => {
    await forget()
    const { queryTime } = await ask(DASHBOARD)
    expect(queryTime).toBeGreaterThan(0)
    expect((await ask(DASHBOARD)).queryTime).toBeGreaterThan(0)
    expect(await keys(ACME)).toEqual([`n:{${ACME}}:cache:dashboard:2026-02-01:2026-03-01`])
    expect(CACHE_SECONDS).toMatchObject({ dashboard: 300, report: 3600, balance: 60, master: 300 })
  })

  it('another question is never answered by a kept one', async () => {
    await forget()
    const asked = [
      '/v1/reports/balance-sheet?asOf=2026-03-01',
      '/v1/reports/balance-sheet?from=2025-07-01&to=2026-03-01',
      '/v1/reports/balance-sheet?asOf=2026-03-01&compare=previous',
      '/v1/reports/balance-sheet?asOf=2026-03-01&compare=previous&periods=2',
      '/v1/reports/profit-and-loss?asOf=2026-03-01',
      '/v1/reports/cash-flow?asOf=2026-03-01',
      '/v1/reports/cash-flow?asOf=2026-03-01&method=indirect',
      '/v1/receivables/aging?asOf=2026-02-15',
      '/v1/receivables/aging?asOf=2026-02-15&basis=posting',
      '/v1/receivables/aging?asOf=2026-02-15&knownAt=2026-02-15',
      '/v1/receivables/aging?asOf=2026-02-15&buckets=10,20',
      '/v1/receivables/aging?asOf=2026-02-15&ageCredits=own-date',
      '/v1/receivables/aging?asOf=2026-02-15&groupBy=customer',
      '/v1/payables/aging?asOf=2026-02-15',
      '/v1/customers?limit=1',
      '/v1/customers?limit=2',
      '/v1/customers?limit=1&active=true',
      '/v1/accounts?limit=1',
    ]
    for (const path of asked)
      expect([path, (await ask(path)).status]).toEqual([path, 'nikash; fwd=miss; stored'])
    for (const path of asked) expect([path, (await ask(path)).status]).toEqual([path, 'nikash; hit'])
    expect((await keys(ACME)).length).toBe(asked.length)
  })

  it('an event ends every kept answer of its tenant at once, and none of another', async () => {
    await forget()
    for (const [, path] of QUESTIONS) for (const tenant of [ACME, BOLT]) await ask(path, tenant)
    const aged = '/v1/receivables/aging?asOf=2026-02-15&groupBy=customer&limit=1'
    expect((await ask(aged)).body['total']).toEqual({ amount: '70.00', currency: 'BDT' })
    const later = invoice({ customer: 'c1', from: '2026-02-07', due: '2026-02-20', net: '5' })
    await facts.add(ACME, 'InvoiceCreated', `i-${Date.now()}`, later).write()
    expect((await ask(aged)).body['total']).toEqual({ amount: '75.00', currency: 'BDT' })
    const others = QUESTIONS.filter(([, path]) => path !== aged)
    for (const [, path] of others)
      expect([path, (await ask(path)).status]).toEqual([path, 'nikash; fwd=stale; stored'])
    for (const [, path] of QUESTIONS) expect([path, (await ask(path)).status]).toEqual([path, 'nikash; hit'])
    for (const [, path] of QUESTIONS)
      expect([path, (await ask(path, BOLT)).status]).toEqual([path, 'nikash; hit'])
  })

  it('figures that the processors moved end the dashboard, and not what has none of them', async () => {
    await figures.kpi(ACME, { netRevenue: '100' })
    await figures.sync(ACME)
    const revenue = ({ body }: { body: Record<string, unknown> }) =>
      (body['kpis'] as Record<string, { value: string }>)['netRevenue']?.value
    const report = '/v1/reports/balance-sheet?asOf=2026-03-01'
    const today = async () => {
      const { body } = await ask('/v1/kpis?window=30d')
      return [body['source'], revenue({ body })]
    }
    expect([await today(), await today()]).toEqual([
      ['redis', '100'],
      ['redis', '100'],
    ])
    await ask(report)
    await ask(DASHBOARD)
    const kept = await ask(DASHBOARD)
    expect([kept.status, revenue(kept)]).toEqual(['nikash; hit', '100'])
    await figures.kpi(ACME, { netRevenue: '101' })
    const moved = await ask(DASHBOARD)
    expect([moved.status, revenue(moved)]).toEqual(['nikash; fwd=stale; stored', '101'])
    expect(await today()).toEqual(['redis', '101'])
    expect((await ask(report)).status).toBe('nikash; hit')
    // Values that are not whole are not served: the kept answer has them, so it is none.
    await client.del(keysOf(ACME).sync)
    const computed = await ask(DASHBOARD)
    expect([computed.status, revenue(computed)]).toEqual(['nikash; fwd=stale; stored', '105.00'])
  })

  it('is found by another process', async () => {
    const path = '/v1/reports/trial-balance?asOf=2026-03-01'
    await forget()
    const first = await ask(path)
    const other = await startTestApi({ redisUrl: redis.url, clickhouse })
    try {
      const second = await ask(path, ACME, other)
      expect([second.status, second.text]).toEqual(['nikash; hit', first.text])
    } finally {
      await other.close()
    }
  })

  it('what is not there is not kept', async () => {
    await forget()
    for (const path of [
      '/v1/customers/nobody',
      '/v1/reports/balance-sheet?from=2026-02-01&to=2026-03-01&compare=previous',
    ])
      expect((await api.get(path, tokens.get(ACME) ?? '')).status).toBeGreaterThanOrEqual(400)
    expect(await keys(ACME)).toEqual([])
  })

  it('without Redis the answers are the same, and it is used again when it is back', async () => {
    await forget()
    await client.del(keysOf(ACME).sync, keysOf(ACME).kpi('30d'))
    const before = new Map<string, string>()
    for (const [, path] of QUESTIONS) before.set(path, (await ask(path)).text)
    await redis.kill()
    try {
      for (const [, path] of QUESTIONS) {
        const answer = await ask(path)
        expect([path, answer.status, answer.text]).toEqual([path, 'nikash; fwd=bypass', before.get(path)])
      }
    } finally {
      await redis.up()
    }
    await until(
      'an answer is kept again',
      async () => (await ask(DASHBOARD)).status === 'nikash; hit',
      30_000,
    )
  })
})

describe('answers', () => {
  let redis: PrivateRedis
  let client: Redis
  let version = 1
  let seen: Outcome[] = []
  const facts: Facts = {
    remember: (_, __, { compute }) => compute(),
    version: async () => String(version),
    within: (_, __, call) => call(),
  }
  const open = (more: Partial<AnswersOptions> = {}) =>
    createAnswers({
      redis: client,
      runId: () => 'run',
      facts,
      code: 'one',
      onRead: (_, outcome) => seen.push(outcome),
      ...more,
    })
  const name = (part: string) => ({ tenant: ACME, kind: 'report', parts: [part] }) as const

  beforeAll(async () => {
    redis = await PrivateRedis.start()
    client = new Redis(redis.url)
  })
  afterAll(async () => {
    client?.disconnect()
    await redis?.stop()
  })

  it('of other code are not used', async () => {
    seen = []
    await open().answer(name('code'), async () => ({ by: 'one' }))
    const other = open({ code: 'two' })
    expect((await other.answer(name('code'), async () => ({ by: 'two' }))).value).toEqual({ by: 'two' })
    expect(seen).toEqual(['miss', 'stale'])
  })

  it('that were being made when a fact came are given to nobody who asks after it', async () => {
    seen = []
    const answers = open()
    const early = await answers.answer(name('race'), async () => {
      version++
      return { facts: 'some' }
    })
    expect(early.value).toEqual({ facts: 'some' })
    expect((await answers.answer(name('race'), async () => ({ facts: 'all' }))).value).toEqual({
      facts: 'all',
    })
    expect((await answers.answer(name('race'), async () => ({ facts: 'more' }))).value).toEqual({
      facts: 'all',
    })
    expect(seen).toEqual(['miss', 'stale', 'hit'])
  })

  it('that could not be made are not kept', async () => {
    const answers = open()
    await expect(answers.answer(name('bad'), () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect((await answers.answer(name('bad'), async () => ({ ok: true }))).outcome).toBe('miss')
  })

  it('take no more room than they may: the one that was not used for longest goes', async () => {
    const answers = open({ bytesMax: 40_000 })
    const large = { text: 'x'.repeat(12_000) }
    const outcomeOf = async (part: string) => (await answers.answer(name(part), async () => large)).outcome
    for (const part of ['a', 'b', 'c']) expect(await outcomeOf(part)).toBe('miss')
    expect(await outcomeOf('a')).toBe('hit')
    expect(await outcomeOf('d')).toBe('miss')
    const there = async (part: string) => client.exists(keysOf(ACME).cache('report', [part]))
    await until('the second is deleted', async () => (await there('b')) === 0)
    expect([await there('a'), await there('c'), await there('d')]).toEqual([1, 1, 1])
    const huge = await answers.answer(name('huge'), async () => ({ text: 'x'.repeat(600_000) }))
    expect([huge.stored, await there('huge')]).toEqual([false, 0])
  })

  it('have names that no other question has, however long', () => {
    const cache = (kind: CacheKind, parts: readonly string[]) => keysOf(ACME).cache(kind, parts)
    expect(cache('report', ['a:b'])).not.toBe(cache('report', ['a', 'b']))
    expect(cache('report', ['x'.repeat(400)])).not.toBe(cache('report', ['x'.repeat(401)]))
    expect(cache('report', ['x'.repeat(4_000)]).length).toBeLessThan(200)
    expect(cache('report', ['a'])).not.toBe(keysOf(BOLT).cache('report', ['a']))
  })
})
