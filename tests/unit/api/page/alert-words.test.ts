/** What the page says of an alert: figures as everywhere on it, and no number taken for an amount that is none. */
import { describe, expect, it } from '@jest/globals'
import { adviceOf, type AlertText, messageOf } from '../../../../api/dashboard/src/alert-words.ts'
import { cashFlowWords, measureWords, over90Words } from '../../../../schemas/rules/alerts/words.ts'
import type { AlertRule } from '../../../../schemas/rules/alerts/rules.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'

const alert = (
  ruleId: string,
  words: Pick<AlertText, 'message' | 'recommendation' | 'inputs'>,
): AlertText => ({
  ruleId,
  subject: '',
  value: '20.5',
  currency: 'BDT',
  ...words,
})
const rule = (measure: string, window: string, threshold: string): AlertRule => ({
  id: 'r',
  measure,
  window,
  operator: 'ABOVE',
  threshold,
  clearLevel: null,
  coolDownMinutes: 0,
  severity: 'WARNING',
  active: true,
  impact: 'LOW',
  parameters: {},
})

describe('the words of an alert', () => {
  it('have the amounts and days of the server written out', () => {
    const shortage = cashFlowWords(
      {
        cash: 10_000n,
        inflow: 0n,
        outflow: 0n,
        lowest: -1_234_567_8900n,
        lowestOn: parseDay('2026-07-04'),
        shortageOn: parseDay('2026-07-03'),
      } as Parameters<typeof cashFlowWords>[0],
      parseDay('2026-07-01'),
      'BDT',
    )
    expect(messageOf(alert('cash-flow', shortage), 'en')).toBe(
      'Cash runs short in 2 days (3 Jul 2026): the projected balance falls to -৳12,34,567.89 within 30 days.',
    )
    const late = over90Words(205_000_0000n, 1_000_000_0000n, '20.5', 'BDT')
    expect(messageOf(alert('receivables-over-90', late), 'en')).toBe(
      '20.5 % of open receivables are more than 90 days past due: ৳2,05,000.00 of ৳10,00,000.00.',
    )
    expect(messageOf(alert('receivables-over-90', late), 'bn')).toContain('১০,০০,০০০.০০৳')
  })

  it('name the measure of a rule of the tenant, and take no ratio for money', () => {
    const reading = { numerator: 0n, denominator: 1n, text: '123456.78' }
    const words = measureWords(rule('dso', '90d', '45.0000'), reading, { sales: '123456.78', value: '45.00' })
    const said = alert('slow-payers', words)
    expect(messageOf(said, 'en')).toBe('Days sales outstanding (90 days): 1,23,456.78, above 45.')
    expect(messageOf(said, 'bn')).toBe('পাওনা আদায়ে গড় দিন (৯০ দিন): ১,২৩,৪৫৬.৭৮, সীমা ৪৫ এর উপরে।')
    expect(adviceOf(said, 'en')).not.toContain('/v1/')
    const open = alert('open', measureWords(rule('receivablesTotal', '', '1'), reading, {}))
    expect(messageOf(open, 'en')).toMatch(/^Open invoices: 1,23,456\.78, above/)
  })

  it('are those of the server where the page knows none', () => {
    const odd = { message: 'Something new on 2026-07-01.', recommendation: 'Look.', inputs: {} }
    expect(messageOf(alert('new-rule', odd), 'bn')).toContain('Something new on')
    expect(adviceOf(alert('new-rule', odd), 'bn')).toBe('Look.')
  })
})
