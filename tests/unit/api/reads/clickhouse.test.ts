/** Questions to a ClickHouse that answers, refuses, breaks and comes back. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { isOutage, openClickHouse } from '../../../../api/reads/clickhouse.ts'
import { createBreakers } from '../../../../platform/breaker.ts'
import { type HandClock, handClock } from '../../../support/hand-clock.ts'

const HALF_OPEN_MS = 2_000

describe('questions to ClickHouse', () => {
  let clock: HandClock
  beforeEach(() => {
    clock = handClock()
  })
  let server: Server | undefined
  let close: () => Promise<void> = () => Promise.resolve()
  afterEach(async () => {
    clock.restore()
    await close()
    server?.close()
    server?.closeAllConnections()
  })
  const open = async () => {
    const store = { says: 'rows' as 'rows' | 'refusal' | 'nothing' | 'wait', asked: 0 }
    server = createServer((request, response) => {
      store.asked++
      request.resume()
      if (store.says === 'nothing') request.socket.destroy()
      else if (store.says === 'rows') response.end('{"n":1}\n')
      else if (store.says === 'wait') return
      else {
        response.writeHead(400, { 'x-clickhouse-exception-code': '47' })
        response.end('Code: 47. DB::Exception: Unknown identifier x. (UNKNOWN_IDENTIFIER)')
      }
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const clickhouse = openClickHouse({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      username: 'u',
      password: 'p',
      onQuery: () => undefined,
      guard: createBreakers().guard('clickhouse', {
        failures: 2,
        halfOpenMs: HALF_OPEN_MS,
        isFailure: isOutage,
      }),
    })
    close = () => clickhouse.close()
    const ask = (signal?: AbortSignal) =>
      clickhouse.rows({ name: 'q', sql: 'select 1 as n', params: {}, ...(signal ? { signal } : {}) }).then(
        (rows) => JSON.stringify(rows),
        (error: { code?: string }) => error.code ?? 'refused',
      )
    return { store, ask }
  }

  it('are refused at once while it is down, and asked again when it is back', async () => {
    const { store, ask } = await open()
    expect(await ask()).toBe('[{"n":1}]')
    store.says = 'nothing'
    expect([await ask(), await ask()]).toEqual(['store_unavailable', 'store_unavailable'])
    const { asked } = store
    expect([await ask(), await ask(), store.asked]).toEqual(['store_unavailable', 'store_unavailable', asked])
    store.says = 'rows'
    clock.advance(HALF_OPEN_MS)
    expect(await ask()).toBe('[{"n":1}]')
  })

  it('that it refuses, and readers who go away, are no reason to leave it alone', async () => {
    const { store, ask } = await open()
    store.says = 'refusal'
    for (let i = 0; i < 4; i++) expect(await ask()).toBe('refused')
    store.says = 'wait'
    for (let i = 0; i < 4; i++) expect(await ask(AbortSignal.timeout(20))).toBe('store_unavailable')
    store.says = 'rows'
    expect(await ask()).toBe('[{"n":1}]')
  })
})
