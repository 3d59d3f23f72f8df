import { describe, expect, it } from '@jest/globals'
import { parseBody } from '../../../../producers/http/request.ts'
import { setTarget } from '../../../../producers/targets/commands.ts'
import { decideSet, decideWithdraw, targetId } from '../../../../producers/targets/decide.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import { EXTERNAL_ID } from '../../../../schemas/values/ids.ts'
import { facts } from '../facts.ts'
import { refusalOf } from '../refusals.ts'

const month = { measure: 'netRevenue', from: '2026-11-01', to: '2026-11-30', amount: '1000000.00' }
const command = (more: object = {}) => parseBody(setTarget, { ...month, ...more })
const set = (more: object = {}) => {
  const [event] = decideSet(null, command(more), facts)
  if (!event) throw new Error('no event')
  return event.data
}

describe('a target', () => {
  it('is an amount for a measure of a slice over a period', () => {
    expect(set({ slice: 'category:Rice' })).toEqual({
      measure: 'netRevenue',
      slice: 'category:Rice',
      from: parseDay('2026-11-01'),
      to: parseDay('2026-11-30'),
      amount: 10_000_000_000n,
      unit: 'currency',
      withdrawn: false,
    })
    expect(set({ amount: '-5.00' }).amount).toBe(-50_000n)
    expect(set({ unit: 'ratio', amount: '0.1234' }).amount).toBe(1_234n)
  })

  it('has one id by measure, slice and period, whatever the slice is written in', () => {
    expect(targetId(command())).toBe('netRevenue@2026-11-01:2026-11-30')
    const ids = ['', 'category:চাল', 'category:Rice & more', 'category:rice'].map((slice) =>
      targetId(command({ slice })),
    )
    expect(new Set(ids).size).toBe(4)
    for (const id of [
      ...ids,
      targetId(command({ measure: 'a'.repeat(40), slice: `d:${'x'.repeat(158)}` })),
    ]) {
      expect(id).toMatch(EXTERNAL_ID)
    }
    expect(targetId(command({ amount: '2' }))).toBe(targetId(command()))
    expect(targetId(command({ to: '2026-12-31' }))).not.toBe(targetId(command()))
  })

  it.each<[object, string]>([
    [{ to: '2026-11-01' }, 'accepted'],
    [{ to: '2026-10-31' }, 'date_order /to'],
    [{ amount: '1.001' }, 'validation_failed /amount'],
    [{ amount: '1.001', unit: 'percent' }, 'accepted'],
    [{ amount: '1.00001', unit: 'percent' }, 'validation_failed /amount'],
    [{ amount: '1e6' }, 'validation_failed /amount'],
    [{ unit: 'litres' }, 'validation_failed /unit'],
    [{ measure: 'Net revenue' }, 'validation_failed /measure'],
    [{ slice: 'rice' }, 'validation_failed /slice'],
    [{ from: '2026-02-30' }, 'validation_failed /from'],
  ])('%j: %s', (more, expected) => {
    expect(refusalOf(() => set(more))).toBe(expected)
  })

  it('is set anew, withdrawn once, and can come back', () => {
    const state = set()
    expect(refusalOf(() => decideSet(state, command(), facts))).toBe('nothing_changed')
    expect(decideSet(state, command({ amount: '2.00' }), facts)[0]?.data.amount).toBe(20_000n)
    expect(decideSet(state, command({ unit: 'count' }), facts)[0]?.data.unit).toBe('count')
    const [gone] = decideWithdraw(state, 't')
    expect(gone?.data).toEqual({ ...state, withdrawn: true })
    expect(refusalOf(() => decideWithdraw(gone?.data ?? null, 't'))).toBe('target_withdrawn')
    expect(refusalOf(() => decideWithdraw(null, 't'))).toBe('target_not_found')
    expect(decideSet(gone?.data ?? null, command(), facts)[0]?.data).toEqual(state)
  })
})
