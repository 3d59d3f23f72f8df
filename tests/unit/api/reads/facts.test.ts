/** Remembered answers: used while a tenant has no new facts, never after. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { ClickHouse, Question } from '../../../../api/reads/clickhouse.ts'
import { createFacts, type Facts } from '../../../../api/reads/facts.ts'

let events: Record<string, number>
let tables: string
let nowMs: number
let versionsAsked: string[][]
let versionGate: Promise<void> | undefined
let computed: string[]
let facts: Facts

beforeEach(() => {
  events = { acme: 10, bolt: 10 }
  tables = 'a b'
  nowMs = 0
  versionsAsked = []
  versionGate = undefined
  computed = []
  const clickhouse: ClickHouse = {
    rows: async <Row>({ name, params }: Question) => {
      if (name === 'version_tables') return [{ tables }] as Row[]
      const tenants = params['tenants'] as string[]
      versionsAsked.push(tenants)
      const rows = tenants.map((tenant) => ({ tenant, events: String(events[tenant]), refused: '0' }))
      await versionGate
      return rows as Row[]
    },
    ping: async () => {},
    close: async () => {},
  }
  facts = createFacts(clickhouse, () => nowMs)
})

const ask = (tenant: string, key: string, value: string, gate?: Promise<void>) =>
  facts.remember(tenant, key, {
    compute: async () => {
      computed.push(value)
      await gate
      return [value]
    },
    rowsOf: (rows) => rows.length,
  })

describe('an answer', () => {
  it('is computed once while nothing is new', async () => {
    expect([await ask('acme', 'k', 'a'), await ask('acme', 'k', 'b'), computed]).toEqual([
      ['a'],
      ['a'],
      ['a'],
    ])
  })

  it('is computed anew as soon as the tenant has one more fact', async () => {
    await ask('acme', 'k', 'a')
    events['acme'] = 11
    expect(await ask('acme', 'k', 'b')).toEqual(['b'])
  })

  it('is computed anew a second after other tables took the place of those it was made of', async () => {
    await ask('acme', 'k', 'a')
    tables = 'a c'
    expect(await ask('acme', 'k', 'b')).toEqual(['a'])
    nowMs = 1_000
    expect(await ask('acme', 'k', 'b')).toEqual(['b'])
  })

  it('is another for another tenant and for another question', async () => {
    await ask('acme', 'k', 'a')
    expect([await ask('bolt', 'k', 'b'), await ask('acme', 'l', 'c')]).toEqual([['b'], ['c']])
  })

  it('is shared by all who ask while it is being computed, and so is the version', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => ask('acme', 'k', String(i))))
    expect(new Set(all.map(([value]) => value)).size).toBe(1)
    expect([computed.length, versionsAsked]).toEqual([1, [['acme']]])
  })

  it('that was begun before a fact came is not given to those who ask after it', async () => {
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const before = ask('acme', 'k', 'old', gate)
    await new Promise((resolve) => setImmediate(resolve))
    events['acme'] = 11
    const after = ask('acme', 'k', 'new')
    expect(await after).toEqual(['new'])
    open()
    expect(await before).toEqual(['old'])
    expect(await ask('acme', 'k', 'newer')).toEqual(['new'])
  })

  it('that failed is not remembered', async () => {
    const failing = { compute: () => Promise.reject(new Error('away')), rowsOf: () => 0 }
    await expect(facts.remember('acme', 'k', failing)).rejects.toThrow('away')
    expect(await ask('acme', 'k', 'a')).toEqual(['a'])
  })
})

describe('a version', () => {
  it('of many tenants is one query, and who asks while it runs is told by the next', async () => {
    let open = () => {}
    versionGate = new Promise<void>((resolve) => {
      open = resolve
    })
    const first = [facts.version('acme'), facts.version('bolt'), facts.version('acme')]
    await new Promise((resolve) => setImmediate(resolve))
    const second = facts.version('acme')
    events['acme'] = 11
    open()
    expect(await Promise.all(first)).toEqual(['10|0|a b', '10|0|a b', '10|0|a b'])
    expect([await second, versionsAsked]).toEqual(['11|0|a b', [['acme', 'bolt'], ['acme']]])
  })

  it('is the one that is said, for that tenant, inside of the call alone', async () => {
    const seen = await facts.within('acme', '9|0', async () => [
      await facts.version('acme'),
      await facts.version('bolt'),
    ])
    expect([seen, await facts.version('acme')]).toEqual([['9|0', '10|0|a b'], '10|0|a b'])
  })
})
