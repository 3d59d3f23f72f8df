/** The canary in the stack: when it is among the parts, how it is switched off, and what `status` says of it. */
import { describe, expect, it } from '@jest/globals'
import { type Canary, canaryLine } from '../../../deploy/cli/canary.ts'
import { canarySecondsOf } from '../../../deploy/cli/up.ts'
import { partsOf } from '../../../deploy/local/parts/catalogue.ts'
import { portsFor } from '../../../deploy/local/ports.ts'
import { fromArguments, toArguments } from '../../../deploy/local/stack-settings.ts'

describe('the setting', () => {
  it.each([
    [{}, 300],
    [{ NIKASH_CANARY_SECONDS: '' }, 300],
    [{ NIKASH_CANARY_SECONDS: '0' }, 0],
    [{ NIKASH_CANARY_SECONDS: '15' }, 15],
  ])('%j', (environment, seconds) => {
    expect(canarySecondsOf(environment)).toBe(seconds)
  })
  it.each(['off', '-1', '1.5', '99999'])('%s is refused, with what to write', (written) => {
    expect(() => canarySecondsOf({ NIKASH_CANARY_SECONDS: written })).toThrow(
      expect.objectContaining({ help: expect.stringContaining('0 to have none') }),
    )
  })
  it('reaches the supervisor', () => {
    const settings = { data: '/d', portBase: 3000, demo: false, speed: 1, storesOnly: false, parent: 0 }
    expect(fromArguments(toArguments({ ...settings, canarySeconds: 7 })).canarySeconds).toBe(7)
  })
})

describe('the parts', () => {
  const names = (canarySeconds: number, storesOnly = false) =>
    partsOf(portsFor(3000), { demo: false, storesOnly, canarySeconds }).map(({ name }) => name)
  it('have the canary where it is on, and not beside stores alone', () => {
    expect([
      names(60).includes('canary'),
      names(0).includes('canary'),
      names(60, true).includes('canary'),
    ]).toEqual([true, false, false])
  })
})

describe('the line of status', () => {
  const now = Date.parse('2026-11-29T10:01:00Z')
  const fine = {
    rounds: 1234,
    newestAt: '2026-11-29T10:00:48.000Z',
    asOf: '2026-11-29',
    revision: 99,
    figures: 204,
    wrong: [],
    late: [],
    at: '2026-11-29T10:00:58.000Z',
    rightUntil: '2026-11-29T10:00:48.000Z',
  } satisfies Canary
  it.each<[Canary, RegExp]>([
    [fine, /^canary: 1234 rounds, 204 figures as computed in every store, right up to 12.*s ago$/],
    [
      { ...fine, late: ['Redis has none'], rightUntil: null },
      /^canary: late, Redis has none; right never yet$/,
    ],
    [
      {
        ...fine,
        wrong: [
          { store: 'redis', figure: 'receivables total', said: '575.02', computed: '575.01' },
          { store: 'redis', figure: 'x', said: '1', computed: '2' },
        ],
      },
      /^canary: WRONG, redis says 575\.02 of receivables total, 1234 rounds make 575\.01, and 1 more; right/,
    ],
    [{ unknown: 'connect ECONNREFUSED' }, /^canary: not known, connect ECONNREFUSED$/],
  ])('%#', (canary, line) => {
    expect(canaryLine(canary, now)).toMatch(line)
  })
})
