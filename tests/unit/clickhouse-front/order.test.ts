/** Who waits for whom: lanes, the schema gate, settings on a session's connection; and who one is. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { type Accounts, authenticate } from '../../../deploy/local/clickhouse/auth.ts'
import type { Connection } from '../../../deploy/local/clickhouse/engine.ts'
import { Lanes } from '../../../deploy/local/clickhouse/lanes.ts'
import { SchemaGate } from '../../../deploy/local/clickhouse/schema-gate.ts'
import { SessionState } from '../../../deploy/local/clickhouse/session-state.ts'

const soon = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('lanes', () => {
  it('let in as many as they are wide, in order', async () => {
    const lanes = new Lanes({ name: 'read', width: 2, queueMax: 10, waitMs: 1_000 })
    const entered: number[] = []
    const leave = await Promise.all([lanes.enter(), lanes.enter()])
    const waiting = [1, 2].map((id) => lanes.enter().then((out) => [entered.push(id), out] as const))
    await soon()
    expect(entered).toEqual([])
    leave[0]?.()
    leave[0]?.()
    await soon()
    expect(entered).toEqual([1])
    leave[1]?.()
    await Promise.all(waiting)
    expect(entered).toEqual([1, 2])
    expect(lanes.busy).toBe(2)
  })
  it('refuse who finds the queue full or waits too long, with code 202', async () => {
    const lanes = new Lanes({ name: 'read', width: 1, queueMax: 1, waitMs: 20 })
    await lanes.enter()
    const late = lanes.enter()
    await expect(lanes.enter()).rejects.toMatchObject({ code: 202 })
    await expect(late).rejects.toMatchObject({ code: 202 })
  })
})

describe('the schema gate', () => {
  it('keeps queries out while the schema changes, and lets them see what was read after it', async () => {
    const gate = new SchemaGate()
    const order: string[] = []
    const change = gate.change(
      async () => {
        order.push('change')
        await soon(20)
      },
      async () => {
        order.push('refreshed')
      },
    )
    await soon()
    const query = gate.read().then(() => order.push('query'))
    await Promise.all([change, query])
    expect(order).toEqual(['change', 'refreshed', 'query'])
  })
  it('a change waits for young queries', async () => {
    const gate = new SchemaGate()
    const done = await gate.read()
    let changed = false
    const change = gate.change(
      async () => {
        changed = true
      },
      async () => undefined,
    )
    await soon(20)
    expect(changed).toBe(false)
    done()
    await change
    expect(changed).toBe(true)
  })
  it('refreshes after a change that failed', async () => {
    const gate = new SchemaGate()
    let refreshed = false
    const failing = gate.change(
      () => Promise.reject(new Error('half of it')),
      async () => {
        refreshed = true
      },
    )
    await expect(failing).rejects.toThrow('half of it')
    expect(refreshed).toBe(true)
    await gate.read()
  })
})

describe('settings of single requests in a session', () => {
  const fake = (refused = ''): { statements: string[]; state: SessionState } => {
    const statements: string[] = []
    const connection = {
      read: (sql: string) => {
        statements.push(sql)
        return refused !== '' && sql.includes(refused)
          ? Promise.reject(new Error('unknown'))
          : Promise.resolve()
      },
      rows: (sql: string) =>
        Promise.resolve(
          ['max_threads', 'insert_deduplication_token']
            .filter((name) => sql.includes(name))
            .map((name) => [name, `old ${name}`]),
        ),
    }
    return { statements, state: new SessionState(connection as unknown as Connection, 'd') }
  }
  const none = new Map<string, string>()
  it('are put back for a request that does not bring them, and not set again for one that does', async () => {
    const { statements, state } = fake()
    await state.apply(new Map([['insert_deduplication_token', 't1']]), none)
    await state.apply(new Map([['insert_deduplication_token', 't1']]), none)
    await state.apply(new Map([['insert_deduplication_token', 't2']]), none)
    await state.apply(none, none)
    await state.apply(none, none)
    expect(statements).toEqual([
      "SET insert_deduplication_token = 't1'",
      "SET insert_deduplication_token = 't2'",
      "SET insert_deduplication_token = 'old insert_deduplication_token'",
    ])
  })
  it('are put back even when the engine refused one of them', async () => {
    const { statements, state } = fake('bogus')
    const asked = new Map([
      ['max_threads', '9'],
      ['bogus', '1'],
    ])
    await expect(state.apply(asked, none)).rejects.toThrow('unknown')
    await state.apply(none, none)
    expect(statements.at(-1)).toBe("SET max_threads = 'old max_threads'")
  })
  it('the database is set when it differs', async () => {
    const { statements, state } = fake()
    await state.use('d')
    await state.use('e`f')
    await state.use('e`f')
    state.touched()
    await state.use('e`f')
    expect(statements).toEqual(['USE `e\\`f`', 'USE `e\\`f`'])
  })
})

const codeOf = (work: () => unknown): number | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code?: number }).code
  }
}

describe('credentials', () => {
  const accounts: Accounts = { writerUser: 'w', writerPassword: 'pass:word', analystSecret: 'secret' }
  const as = (query = '', headers: Record<string, string> = {}) =>
    authenticate(new URL(`http://x/?${query}`), headers, accounts)
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  })
  const password = createHmac('sha256', 'secret').update('analyst_acme').digest('hex')
  it('come by Basic, by headers or in the URL', () => {
    expect(as('', basic('w', 'pass:word'))).toEqual({ role: 'writer', user: 'w' })
    expect(as('', { 'x-clickhouse-user': 'w', 'x-clickhouse-key': 'pass:word' }).role).toBe('writer')
    expect(as(`user=analyst_acme&password=${password}`)).toEqual({
      role: 'analyst',
      user: 'analyst_acme',
      tenant: 'acme',
    })
  })
  it.each([
    ['a wrong password', 'user=w&password=no', {}],
    ['none', '', {}],
    ['the password of another analyst', `user=analyst_other&password=${password}`, {}],
    [
      'an analyst whose tenant is no tenant',
      `user=analyst_&password=${createHmac('sha256', 'secret').update('analyst_').digest('hex')}`,
      {},
    ],
    [
      'a tenant with a quote',
      `user=analyst_a'b&password=${createHmac('sha256', 'secret').update("analyst_a'b").digest('hex')}`,
      {},
    ],
    ['two ways at once', 'user=w&password=pass:word', basic('w', 'pass:word')],
    ['another scheme', '', { authorization: 'Bearer x' }],
  ])('%s is refused with 516', (_, query, headers) => {
    expect(codeOf(() => as(query, headers))).toBe(516)
  })
})
