import { describe, expect, it } from '@jest/globals'
import { parseBody } from '../../../../producers/http/request.ts'
import { setTaxRate } from '../../../../producers/reference/commands.ts'
import { decideTaxRate, type TaxRateState, taxRateId } from '../../../../producers/reference/decide.ts'
import { withReference } from '../../../../producers/reference/tax-rates.ts'
import { defaultTaxRates } from '../../../../schemas/rules/tax-rates.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { refusalOf } from '../refusals.ts'

const command = (more: object = {}) =>
  parseBody(setTaxRate, {
    code: 'standard',
    rate: '0.15',
    validFrom: '2026-07-01',
    name: 'Standard',
    ...more,
  })
const set = (more: object = {}): TaxRateState => {
  const [event] = decideTaxRate(null, command(more))
  if (!event) throw new Error('no event')
  return event.data
}

describe('setting a tax rate', () => {
  it('keeps kind, fraction or amount per unit, and whether it can be credited', () => {
    expect(set()).toMatchObject({
      kind: 'VAT',
      rate: 15_000_000n,
      perUnit: null,
      creditable: true,
      validTo: null,
    })
    const jewellery = { code: 'jewellery', rate: undefined, perUnit: '750.00', creditable: false }
    expect(set(jewellery)).toMatchObject({ rate: 0n, perUnit: 7_500_000n, creditable: false })
    expect(set({ kind: 'SD', rate: '3.5' }).rate).toBe(350_000_000n)
  })

  it('names it by kind, code and first day; VAT as before there were kinds', () => {
    expect(taxRateId(command())).toBe('standard@2026-07-01')
    expect(taxRateId(command({ kind: 'TDS' }))).toBe('TDS/standard@2026-07-01')
  })

  it.each<[object, string]>([
    [{ rate: '0' }, 'accepted'],
    [{ rate: '1' }, 'accepted'],
    [{ rate: '1.01' }, 'validation_failed /rate'],
    [{ rate: '15%' }, 'validation_failed /rate'],
    [{ rate: undefined }, 'validation_failed /rate'],
    [{ perUnit: '5' }, 'validation_failed /perUnit'],
    [{ rate: undefined, perUnit: '5', kind: 'TDS' }, 'validation_failed /perUnit'],
    [{ rate: undefined, perUnit: '0' }, 'validation_failed /perUnit'],
    [{ rate: undefined, perUnit: '0.00001' }, 'validation_failed /perUnit'],
    [{ validTo: '2026-06-30' }, 'date_order /validTo'],
    [{ validTo: '2026-07-01' }, 'accepted'],
    [{ kind: 'GST' }, 'validation_failed /kind'],
    [{ code: 'Standard rate' }, 'validation_failed /code'],
  ])('%j: %s', (more, expected) => {
    expect(refusalOf(() => set(more))).toBe(expected)
  })

  it('again corrects it, and not for nothing', () => {
    expect(refusalOf(() => decideTaxRate(set(), command()))).toBe('nothing_changed')
    expect(refusalOf(() => decideTaxRate(set(), command({ rate: '0.16' })))).toBe('accepted')
  })
})

describe('the rate of a day', () => {
  const at = (
    reference: readonly TaxRateState[],
    day: string,
    kind: 'VAT' | 'TDS' = 'VAT',
    code = 'standard',
  ) => withReference(reference, defaultTaxRates).rateOn(kind, code, parseDay(day))?.rate

  it('is the default where reference data says nothing', () => {
    expect([
      at([], '2026-07-01'),
      at([], '2026-07-01', 'VAT', 'reduced'),
      at([], '2026-07-01', 'TDS'),
    ]).toEqual([15_000_000n, 7_500_000n, undefined])
    const zero = defaultTaxRates.rateOn('VAT', 'zero', parseDay('2026-07-01'))
    const exempt = defaultTaxRates.rateOn('VAT', 'exempt', parseDay('2026-07-01'))
    expect([zero?.rate, zero?.creditable, exempt?.rate, exempt?.creditable]).toEqual([0n, true, 0n, false])
  })

  it('is that of reference data from its first day on, the newest first day before the older', () => {
    const raised = set({ rate: '0.16', validFrom: '2026-07-01' })
    const lowered = set({ rate: '0.12', validFrom: '2027-01-01' })
    for (const reference of [
      [raised, lowered],
      [lowered, raised],
    ]) {
      expect(
        ['2026-06-30', '2026-07-01', '2026-12-31', '2027-01-01'].map((day) => at(reference, day)),
      ).toEqual([15_000_000n, 16_000_000n, 16_000_000n, 12_000_000n])
    }
  })

  it('is none after its last day: no older rate and no default comes back unseen', () => {
    const open = set({ rate: '0.16', validFrom: '2026-01-01' })
    const short = set({ rate: '0.1', validFrom: '2026-07-01', validTo: '2026-07-31' })
    expect(['2026-06-30', '2026-07-31', '2026-08-01'].map((day) => at([open, short], day))).toEqual([
      16_000_000n,
      10_000_000n,
      undefined,
    ])
  })

  it('keeps kinds apart, and takes rates without a kind for VAT', () => {
    const tds = set({ kind: 'TDS', rate: '0.05' })
    const old: TaxRateState = { ...set({ rate: '0.14' }), kind: 'UNKNOWN' }
    expect([at([tds, old], '2026-07-01', 'TDS'), at([tds, old], '2026-07-01')]).toEqual([
      5_000_000n,
      14_000_000n,
    ])
  })
})
