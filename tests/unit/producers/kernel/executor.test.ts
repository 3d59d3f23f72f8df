/** The executor over a store that is away, and comes back. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { createBreakers } from '../../../../platform/breaker.ts'
import { isOutage } from '../../../../producers/event-store/database.ts'
import { createCustomer } from '../../../../producers/customers/commands.ts'
import { customerOperations } from '../../../../producers/customers/routes.ts'
import type { CommandRequest } from '../../../../producers/kernel/command.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import { Executor } from '../../../../producers/kernel/executor.ts'
import { type HandClock, handClock } from '../../../support/hand-clock.ts'

const HALF_OPEN_MS = 1_000
let clock: HandClock
beforeEach(() => {
  clock = handClock()
})
afterEach(() => clock.restore())
const [operation] = customerOperations
if (!operation) throw new Error('no operation')
const request = (id: string): CommandRequest => ({
  operation,
  id,
  command: createCustomer.parse({ name: id }),
  metadata: { actor: 'user:t', correlationId: null, causationId: null, traceparent: null },
})

/** Answers every question with nothing: there is no tenant. */
function fakeStore() {
  const store = { away: true, connections: 0 }
  const query = (text: unknown) => Promise.resolve({ rows: [], command: text === 'commit' ? 'COMMIT' : '' })
  const client = { query, release: () => undefined }
  const connect = () => {
    store.connections++
    const refusal = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    return store.away ? Promise.reject(refusal) : Promise.resolve(client)
  }
  const guard = createBreakers().guard('store', {
    failures: 3,
    halfOpenMs: HALF_OPEN_MS,
    isFailure: isOutage,
  })
  const executor = new Executor({ connect } as unknown as pg.Pool, {
    nowMs: () => 0,
    onCommit: () => undefined,
    guard,
  })
  const run = async (...ids: readonly string[]): Promise<string> => {
    try {
      const [result] = await executor.run('acme', ids.map(request))
      if (result?.kind === 'refused') return result.refusal.code
      return result?.kind === 'failed' && result.error instanceof Refusal
        ? result.error.code
        : String(result?.kind)
    } catch (error) {
      return error instanceof Refusal ? `rejected ${error.code}` : 'rejected'
    }
  }
  return { store, run }
}

describe('commands while the store is away', () => {
  it('fail, then are refused without asking it, and are decided again when it is back', async () => {
    const { store, run } = fakeStore()
    expect([await run('a'), await run('b'), await run('c')]).toEqual(['failed', 'failed', 'failed'])
    expect([await run('d'), await run('e'), store.connections]).toEqual(['unavailable', 'unavailable', 3])
    expect([await run('f', 'g'), store.connections]).toEqual(['rejected unavailable', 3])
    store.away = false
    expect(await run('h')).toBe('unavailable')
    clock.advance(HALF_OPEN_MS)
    expect([await run('i'), await run('j'), store.connections]).toEqual([
      'tenant_not_found',
      'tenant_not_found',
      5,
    ])
  })

  it('are not refused because others are refused by a rule', async () => {
    const { store, run } = fakeStore()
    store.away = false
    for (let i = 0; i < 5; i++) expect(await run('a')).toBe('tenant_not_found')
  })
})
