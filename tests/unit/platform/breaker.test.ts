/** A dependency that dies, hangs and comes back, behind a breaker whose clock is moved by hand. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { BreakerOpen, createBreakers, type Guard } from '../../../platform/breaker.ts'
import { createMetrics } from '../../../platform/metrics.ts'
import { type HandClock, handClock } from '../../support/hand-clock.ts'

const HALF_OPEN_MS = 2_000
let clock: HandClock
beforeEach(() => {
  clock = handClock()
})
afterEach(() => clock.restore())
const failing = () => Promise.reject(new Error('down'))
const codeOf = async (guard: Guard, call: () => Promise<unknown>): Promise<string> => {
  try {
    await guard(call)
    return 'answered'
  } catch (error) {
    return error instanceof BreakerOpen ? 'refused' : 'failed'
  }
}
const open = (options: object = {}) => {
  const metrics = createMetrics('test')
  const guard = createBreakers(metrics).guard('thing', { failures: 3, halfOpenMs: HALF_OPEN_MS, ...options })
  const value = async (name: string) =>
    Number(
      new RegExp(`^nikash_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(await metrics.registry.metrics())?.[1] ?? 0,
    )
  return { guard, value }
}

describe('a breaker', () => {
  it('opens after that many failures in a row, and not before', async () => {
    const { guard, value } = open()
    let calls = 0
    const dead = () => {
      calls++
      return failing()
    }
    const answers = []
    for (const call of [dead, dead, () => Promise.resolve(1), dead, dead, dead, dead, dead]) {
      answers.push(await codeOf(guard, call))
    }
    expect(answers).toEqual([
      'failed',
      'failed',
      'answered',
      'failed',
      'failed',
      'failed',
      'refused',
      'refused',
    ])
    expect(calls).toBe(5)
    expect([
      await value('breaker_open_count'),
      await value('breaker_opened_total'),
      await value('breaker_refused_total'),
    ]).toEqual([1, 1, 2])
  })

  it('lets one call through after a while: its failure opens again, its success closes', async () => {
    const { guard, value } = open()
    for (let i = 0; i < 3; i++) await codeOf(guard, failing)
    clock.advance(HALF_OPEN_MS)
    let probes = 0
    const dead = () => {
      probes++
      return failing()
    }
    expect(await Promise.all([1, 2, 3].map(() => codeOf(guard, dead)))).toEqual([
      'failed',
      'refused',
      'refused',
    ])
    expect([probes, await value('breaker_opened_total')]).toEqual([1, 2])
    clock.advance(HALF_OPEN_MS)
    const alive = () => Promise.resolve('fine')
    expect(await Promise.all([1, 2, 3].map(() => codeOf(guard, alive)))).toEqual([
      'answered',
      'answered',
      'answered',
    ])
    expect(await value('breaker_open_count')).toBe(0)
  })

  it('takes a call that hangs for a failure, within its time', async () => {
    const { guard } = open({ timeoutMs: 20, failures: 2 })
    const hung = () => new Promise<never>(() => undefined)
    const started = performance.now()
    expect([await codeOf(guard, hung), await codeOf(guard, hung), await codeOf(guard, hung)]).toEqual([
      'failed',
      'failed',
      'refused',
    ])
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('takes an answer that says no for an answer', async () => {
    const { guard } = open({ isFailure: (error: unknown) => (error as Error).message === 'down' })
    const no = () => Promise.reject(new Error('no'))
    for (const call of [failing, failing, no, failing, failing, no]) await codeOf(guard, call)
    expect(await codeOf(guard, () => Promise.resolve())).toBe('answered')
    await expect(guard(no)).rejects.toThrow('no')
  })

  it('gives what the call gives, and keeps dependencies apart', async () => {
    const breakers = createBreakers()
    const [one, other] = ['one', 'other'].map((name) => breakers.guard(name, { failures: 1 }))
    expect(await one?.(() => Promise.resolve(7))).toBe(7)
    expect(await codeOf(one as Guard, failing)).toBe('failed')
    expect([await codeOf(one as Guard, failing), await codeOf(other as Guard, failing)]).toEqual([
      'refused',
      'failed',
    ])
  })
})

describe('a server behind a breaker', () => {
  let server: Server | undefined
  afterEach(() => void server?.close())
  const listen = (port = 0): Promise<number> =>
    new Promise((resolve) => {
      const made = createServer((_request, response) => void response.end('ok'))
      server = made
      made.listen(port, '127.0.0.1', () => resolve((made.address() as AddressInfo).port))
    })

  it('that dies opens it, and that comes back closes it', async () => {
    const port = await listen()
    const { guard, value } = open()
    const call = async () =>
      (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text()
    expect(await guard(call)).toBe('ok')
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    const answers = []
    for (let i = 0; i < 5; i++) answers.push(await codeOf(guard, call))
    expect(answers).toEqual(['failed', 'failed', 'failed', 'refused', 'refused'])
    await listen(port)
    clock.advance(HALF_OPEN_MS)
    expect([await codeOf(guard, call), await codeOf(guard, call), await value('breaker_open_count')]).toEqual(
      ['answered', 'answered', 0],
    )
  })
})
