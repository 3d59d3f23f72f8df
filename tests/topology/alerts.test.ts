/** Alerts on the engine's own task, without a broker: from events and ticks to what is raised, cleared, moved and live. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { COMMIT_STEPS } from '../../processors/runtime/steps.ts'
import { TEST_CODEC, TestDriver } from '../../processors/runtime/testing/driver.ts'
import { LIVE_MAX } from '../../processors/topologies/alert-desk.ts'
import { LIVE_IDS } from '../../processors/topologies/alert-stores.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type {
  AlertCleared,
  AlertMoved,
  AlertRaised,
  AlertStatus,
  FinanceEvent,
} from '../../schemas/generated/records.ts'
import { formatDay, parseDay, startOfDay } from '../../schemas/values/calendar.ts'
import {
  acknowledgement,
  alertRule,
  bill,
  escalation,
  journal,
  paidExpense,
  payout,
  payoutFailure,
  resolution,
} from '../unit/domain/alert-events.ts'
import { expense, failure, invoice, payment, reversal, settings } from '../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
/** 15 January 2026, 10:05 in Dhaka. */
const NOON = Date.parse('2026-01-15T04:05:00Z')
const TODAY = parseDay('2026-01-15')
const MINUTE = 60_000

let driver: TestDriver
beforeEach(() => {
  driver = new TestDriver({ topologies, startMs: NOON })
})

const pipe = (...events: readonly FinanceEvent[]) => {
  for (const one of events) driver.pipe(one)
}
const raisedOf = (d = driver) =>
  d.alerts().flatMap(({ type, data }) => (type === 'AlertRaised' ? [data as AlertRaised] : []))
const clearedOf = (d = driver) =>
  d.alerts().flatMap(({ type, data }) => (type === 'AlertCleared' ? [data as AlertCleared] : []))
const movedOf = () =>
  driver.alerts().flatMap(({ type, data }) => (type === 'AlertMoved' ? [data as AlertMoved] : []))
const of = (ruleId: string, d = driver) => raisedOf(d).filter((one) => one.ruleId === ruleId)
/** What happened in which order: +rule for raised, -rule for cleared. */
const story = (d = driver) =>
  d.alerts().flatMap(({ type, data }) => {
    if (type === 'AlertRaised') return [`+${(data as AlertRaised).ruleId}`]
    return type === 'AlertCleared' ? [`-${(data as AlertCleared).ruleId}`] : []
  })
const live = (d = driver) =>
  [...d.results()].flatMap(([key, { type, data }]) =>
    type === 'AlertStatus' ? [{ key, ...(data as AlertStatus) }] : [],
  )

describe('C-45, a shortage of cash', () => {
  it('fires at -0.01 and is silent at 0', () => {
    pipe(payment('P', { date: TODAY, amount: '100' }), bill('B', { due: TODAY + 12, total: '100' }))
    expect(story()).toEqual([])
    pipe(bill('B2', { due: TODAY + 12, total: '0.01' }))
    expect(of('cash-flow')).toEqual([
      expect.objectContaining({
        tenantId: 'acme',
        alertId: expect.stringMatching(/^al-[0-9a-f]{32}$/),
        subject: '',
        severity: 'CRITICAL',
        category: 'CASH_FLOW',
        impact: 'HIGH',
        value: '-0.01',
        threshold: '0',
        currency: 'BDT',
        asOf: TODAY,
        raisedAt: NOON,
        revision: 2,
      }),
    ])
    const [alert] = of('cash-flow')
    expect(alert?.message).toBe(
      'Cash runs short in 12 days (2026-01-27): the projected balance falls to -0.01 BDT within 30 days.',
    )
    expect(alert?.recommendation).toContain('receivables')
    expect(alert?.recommendation).toContain('payables')
    expect(alert?.inputs).toMatchObject({ daysToShortage: '12', shortageOn: '2026-01-27', cash: '100.00' })
  })

  it.each([
    [30, ['+cash-flow']],
    [31, []],
  ])('looks %i days ahead: %j', (days, expected) => {
    pipe(settings('TenantRegistered'), bill('B', { due: TODAY + days, total: 1 }))
    expect(story()).toEqual(expected)
  })

  it('comes with the day alone: what was 31 days ahead is 30 at midnight', () => {
    pipe(settings('TenantRegistered'), bill('B', { due: TODAY + 31, total: 1 }))
    driver.tick(startOfDay(TODAY + 1, 'Asia/Dhaka') - 15 * MINUTE)
    expect(story()).toEqual([])
    driver.tick(startOfDay(TODAY + 1, 'Asia/Dhaka'))
    expect(of('cash-flow')).toMatchObject([
      { asOf: TODAY + 1, causeId: `tick:${startOfDay(TODAY + 1, 'Asia/Dhaka')}` },
    ])
  })

  it('clears when the balance is back, and fires again at the next crossing', () => {
    pipe(settings('TenantRegistered'), bill('B', { due: TODAY + 5, total: 50 }))
    pipe(payment('P', { date: TODAY, amount: 50 }), payout('V', { date: TODAY, amount: 10 }))
    // 50 in, 10 out as an advance that is taken off the bill: 40 against 40.
    expect(story()).toEqual(['+cash-flow', '-cash-flow'])
    expect(clearedOf()).toMatchObject([{ value: '0.00', reason: 'back_to_normal', ruleId: 'cash-flow' }])
    expect(clearedOf()[0]?.alertId).toBe(raisedOf()[0]?.alertId)
    pipe(paidExpense('E', { date: TODAY, total: 1 }))
    expect(story()).toEqual(['+cash-flow', '-cash-flow', '+cash-flow'])
    expect(new Set(raisedOf().map(({ alertId }) => alertId)).size).toBe(2)
  })

  it('counts what customers owe on the day on which it is due, and the cash of the ledger beside the documents', () => {
    pipe(journal('J', { date: TODAY, amount: 10 }), bill('B', { due: TODAY + 5, total: 30 }))
    expect(of('cash-flow')).toMatchObject([{ value: '-20.00' }])
    pipe(invoice('I', { date: TODAY, due: TODAY + 5, total: 20 }))
    expect(story()).toEqual(['+cash-flow', '-cash-flow'])
    pipe(journal('J2', { date: TODAY, amount: 99, kind: 'DOCUMENT', source: 'invoice' }))
    pipe(reversal('none', TODAY), journal('J3', { date: TODAY, amount: -1, subtype: 'MFS' }))
    expect(story()).toEqual(['+cash-flow', '-cash-flow', '+cash-flow'])
  })
})

describe('C-46, old receivables', () => {
  const old = (total: string) => invoice('old', { date: TODAY - 200, due: TODAY - 91, total })
  const young = (total: string) => invoice('young', { date: TODAY - 10, due: TODAY - 90, total })

  it.each([
    ['20.00', '80.00', []],
    ['20.01', '79.99', ['+receivables-over-90']],
    ['2000.00', '8000.00', []],
    ['2000.01', '8000.00', ['+receivables-over-90']],
  ])('%s of old and %s of other invoices: %j', (over90, rest, expected) => {
    pipe(young(rest), old(over90))
    expect(story()).toEqual(expected)
  })

  it('says how much, and how urgent it is', () => {
    pipe(young('79.99'), old('20.01'))
    expect(of('receivables-over-90')).toMatchObject([
      {
        severity: 'WARNING',
        impact: 'MEDIUM',
        category: 'RECEIVABLES',
        value: '20.01',
        threshold: '20',
        message: '20.01 % of open receivables are more than 90 days past due: 20.01 of 100.00 BDT.',
        inputs: { over90: '20.01', total: '100.00' },
      },
    ])
    expect(of('receivables-over-90')[0]?.recommendation).toMatch(/^Start collection/)
  })

  it('comes at midnight, when an invoice is 91 days past due, and clears when it is paid', () => {
    pipe(invoice('I', { date: TODAY - 90, due: TODAY - 90, total: 10 }))
    expect(story()).toEqual([])
    driver.tick(startOfDay(TODAY + 1, 'Asia/Dhaka'))
    expect(story()).toEqual(['+receivables-over-90'])
    pipe(payment('P', { date: TODAY + 1, amount: 10, to: { I: 10 } }))
    expect(story()).toEqual(['+receivables-over-90', '-receivables-over-90'])
    expect(live()).toEqual([])
  })

  it('is silent without open invoices, also where customers have money here', () => {
    pipe(payment('P', { date: TODAY, amount: 100 }))
    expect(story()).toEqual([])
  })
})

describe('rules', () => {
  const watched = (more: object = {}) =>
    alertRule('big', { measure: 'receivablesTotal', threshold: '100', ...more })
  const owe = (id: string, total: number) => invoice(id, { date: TODAY, due: TODAY + 60, total })

  it('hold from their event on, and are looked at there and then', () => {
    pipe(owe('I1', 150))
    expect(story()).toEqual([])
    const rule = watched()
    pipe(rule)
    const causeId = rule.data.eventId
    expect(of('big')).toMatchObject([{ value: '150.00', threshold: '100', category: 'RECEIVABLES', causeId }])
    pipe(watched({ threshold: '200' }))
    expect(story()).toEqual(['+big', '-big'])
    pipe(owe('I2', 50))
    expect(story()).toEqual(['+big', '-big'])
    pipe(owe('I3', 1))
    expect(story()).toEqual(['+big', '-big', '+big'])
    pipe(watched({ threshold: '200', active: false }))
    expect(clearedOf().at(-1)).toMatchObject({ reason: 'rule_off', value: null })
    pipe(owe('I4', 100), watched({ threshold: '200' }))
    expect(story()).toEqual(['+big', '-big', '+big', '-big', '+big'])
  })

  it('that watch something else now clear what they saw', () => {
    pipe(owe('I1', 150), watched(), watched({ measure: 'receivablesOverdue' }))
    expect(story()).toEqual(['+big', '-big'])
    expect(clearedOf()).toMatchObject([{ reason: 'rule_changed' }])
  })

  it('with hysteresis clear at the clear level', () => {
    pipe(watched({ clearLevel: '50' }), owe('I1', 150))
    pipe(payment('P1', { date: TODAY, amount: 99, to: { I1: 99 } }))
    expect(story()).toEqual(['+big'])
    pipe(payment('P2', { date: TODAY, amount: 1, to: { I1: 1 } }))
    expect(story()).toEqual(['+big', '-big'])
  })

  it('in their cool-down wait in log time, and fire when it is over without a further event', () => {
    pipe(watched({ coolDownMinutes: 30 }), owe('I1', 150))
    pipe(payment('P1', { date: TODAY, amount: 100, to: { I1: 100 } }), owe('I2', 100))
    expect(story()).toEqual(['+big', '-big'])
    driver.tick(NOON + 25 * MINUTE)
    expect(story()).toEqual(['+big', '-big'])
    driver.tick(NOON + 40 * MINUTE)
    expect(story()).toEqual(['+big', '-big', '+big'])
    expect(of('big')[1]).toMatchObject({ causeId: `tick:${NOON + 30 * MINUTE}` })
  })

  it('of KPIs work in any window, and say what they are made of', () => {
    pipe(
      alertRule('sales', { measure: 'netRevenue', window: 'mtd', threshold: '1000', severity: 'INFO' }),
      owe('I1', 1000),
      owe('I2', 1),
    )
    expect(of('sales')).toMatchObject([
      { category: 'KPI', window: 'mtd', value: '1001.00', message: 'netRevenue (mtd) is 1001, above 1000.' },
    ])
    expect(of('sales')[0]?.inputs).toEqual({ invoiced: '1001.00', invoices: '2' })
  })

  it('with the id of a built-in rule take its place', () => {
    pipe(
      alertRule('receivables-over-90', { measure: 'receivablesOver90Share', threshold: '50' }),
      invoice('old', { date: TODAY - 200, due: TODAY - 91, total: 50 }),
      invoice('young', { date: TODAY, total: 50 }),
    )
    // The old one alone was all there was.
    expect(story()).toEqual(['+receivables-over-90', '-receivables-over-90'])
    pipe(
      alertRule('cash-flow', {
        measure: 'projectedBalance',
        operator: 'BELOW',
        threshold: '0',
        active: false,
      }),
    )
    pipe(bill('B', { due: TODAY, total: 1000 }))
    expect(of('cash-flow')).toEqual([])
  })

  it('that are not sound are left out, without a dead letter', () => {
    pipe(owe('I1', 150), watched({ threshold: 'much' }), watched({ measure: 'joy' }))
    expect(story()).toEqual([])
    expect(driver.dlq()).toEqual([])
  })

  it('are those of their tenant alone', () => {
    pipe(watched())
    driver.pipe(invoice('I1', { date: TODAY, total: 150, tenantId: 'other' }))
    expect(story()).toEqual([])
  })
})

describe('patterns', () => {
  it('C-49: a failed payment, in or out, is an alert each', () => {
    pipe(
      payment('P1', { date: TODAY, amount: 5 }),
      failure('P1', TODAY),
      payout('V1', { date: TODAY, amount: 5 }),
    )
    pipe(payoutFailure('V1', TODAY, 'account closed'))
    expect(of('failed-payment')).toMatchObject([
      {
        subject: 'P1',
        category: 'PAYMENTS',
        severity: 'WARNING',
        message: expect.stringContaining('from a customer P1'),
      },
      { subject: 'V1', message: 'Payment to a vendor V1 failed: account closed.' },
    ])
    // Not one for a payment that was never there: the books refuse the event.
    pipe(failure('P9', TODAY))
    expect(of('failed-payment')).toHaveLength(2)
  })

  const near = (id: string, date: number, customer = 'C1') =>
    payment(id, { date, amount: '950000', customer })

  it('C-48: three payments of a customer just under a threshold within seven days', () => {
    pipe(near('P1', TODAY), near('P2', TODAY + 6), near('P3', TODAY + 2, 'C2'), near('P4', TODAY + 7))
    expect(of('payment-structuring')).toEqual([])
    pipe(near('P5', TODAY + 3))
    expect(of('payment-structuring')).toMatchObject([
      {
        subject: 'C1',
        category: 'COMPLIANCE',
        value: '3',
        inputs: {
          customerId: 'C1',
          payments: 'P1 P5 P2',
          sum: '2850000.00',
          from: '2026-01-15',
          to: '2026-01-21',
        },
      },
    ])
    // They are used up: two more are needed beside the one that is left.
    pipe(near('P6', TODAY + 8))
    expect(of('payment-structuring')).toHaveLength(1)
    pipe(near('P7', TODAY + 9))
    expect(of('payment-structuring')).toHaveLength(2)
  })

  it('does not count payments that failed, are too small, or reach the threshold', () => {
    pipe(near('P1', TODAY), failure('P1', TODAY), near('P2', TODAY), reversal('P2', TODAY), near('P3', TODAY))
    pipe(
      payment('P4', { date: TODAY, amount: '1000000' }),
      payment('P5', { date: TODAY, amount: '899999.99' }),
    )
    pipe(near('P6', TODAY))
    expect(of('payment-structuring')).toEqual([])
    pipe(near('P7', TODAY))
    expect(of('payment-structuring')).toMatchObject([{ inputs: { payments: 'P3 P6 P7' } }])
  })

  it('goes by the parameters that a rule sets', () => {
    const parameters = { count: '2', windowDays: '1', marginPercent: '50' }
    pipe(
      alertRule('payment-structuring', {
        measure: 'paymentStructuring',
        operator: 'BELOW',
        threshold: '100',
        parameters,
      }),
    )
    pipe(payment('P1', { date: TODAY, amount: 50 }), payment('P2', { date: TODAY + 1, amount: 50 }))
    expect(of('payment-structuring')).toEqual([])
    pipe(payment('P3', { date: TODAY + 1, amount: '99.99' }))
    expect(of('payment-structuring')).toMatchObject([{ inputs: { payments: 'P2 P3' } }])
  })

  it('finds a day unlike its weekday at the midnight after it, once, and only with eight weeks behind it', () => {
    const start = parseDay('2026-01-15')
    const midnight = (d: number) => startOfDay(d, 'Asia/Dhaka')
    pipe(settings('TenantRegistered'))
    for (let week = 0; week < 8; week++) {
      const date = start - 7 * (8 - week)
      pipe(expense(`E${week}`, { date, net: 100 + (week % 2) }))
    }
    pipe(expense('big', { date: start, net: 500 }), expense('eight', { date: start + 1, net: 500 }))
    driver.tick(midnight(start + 1))
    expect(of('expenses-anomaly')).toMatchObject([
      { subject: formatDay(start), severity: 'INFO', category: 'ANOMALY', value: '500.00', asOf: start + 1 },
    ])
    // A Friday with nothing before it has no scale.
    driver.tick(midnight(start + 2))
    expect(of('expenses-anomaly')).toHaveLength(1)
  })

  it('looks at each day that the clock missed, in order', () => {
    const start = parseDay('2026-01-15')
    for (let week = 1; week <= 9; week++)
      for (const off of [0, 1]) pipe(expense(`E${week}-${off}`, { date: start + off - 7 * week, net: 100 }))
    pipe(expense('a', { date: start, net: 900 }), expense('b', { date: start + 1, net: 900 }))
    driver.tick(startOfDay(start + 3, 'Asia/Dhaka'))
    expect(of('expenses-anomaly').map(({ subject }) => subject)).toEqual(['2026-01-15', '2026-01-16'])
  })
})

describe('the life of an alert', () => {
  const open = (): string => {
    pipe(invoice('I', { date: TODAY - 200, due: TODAY - 91, total: 10 }))
    return raisedOf()[0]?.alertId ?? ''
  }

  it('is shown as it stands until it is resolved', () => {
    const id = open()
    expect(live()).toMatchObject([
      { key: `acme|alerts|${id}`, slice: id, state: 'OPEN', actor: '', movedAt: null, value: '100' },
    ])
    driver.pipe(acknowledgement(id, 'calling them'), { timestamp: NOON + 5 })
    expect(live()).toMatchObject([
      { state: 'ACKNOWLEDGED', actor: 'service:test', note: 'calling them', movedAt: NOON + 5 },
    ])
    pipe(escalation(id, 'the owner', 'no answer'))
    expect(live()).toMatchObject([{ state: 'ESCALATED', escalatedTo: 'the owner', note: 'no answer' }])
    pipe(resolution(id, 'written off'))
    expect(live()).toEqual([])
    expect(movedOf().map(({ alertId, state, note }) => [alertId, state, note])).toEqual([
      [id, 'ACKNOWLEDGED', 'calling them'],
      [id, 'ESCALATED', 'no answer'],
      [id, 'RESOLVED', 'written off'],
    ])
  })

  it('resolved while it still holds does not come again before it has cleared', () => {
    const id = open()
    pipe(acknowledgement(id), resolution(id), invoice('J', { date: TODAY - 200, due: TODAY - 99, total: 10 }))
    expect(story()).toEqual(['+receivables-over-90'])
    pipe(payment('P', { date: TODAY, amount: 20, to: { I: 10, J: 10 } }))
    expect(story()).toEqual(['+receivables-over-90', '-receivables-over-90'])
    pipe(invoice('K', { date: TODAY - 200, due: TODAY - 99, total: 10 }))
    expect(story()).toHaveLength(3)
  })

  it('that is over, or never was, changes nothing that is shown; what was said is passed on', () => {
    const id = open()
    pipe(payment('P', { date: TODAY, amount: 10, to: { I: 10 } }))
    expect(live()).toEqual([])
    pipe(acknowledgement(id), acknowledgement('al-unknown'))
    expect(live()).toEqual([])
    expect(movedOf().map(({ alertId }) => alertId)).toEqual([id, 'al-unknown'])
    expect(driver.dlq()).toEqual([])
  })

  it('keeps the newest 200 of a tenant live', () => {
    for (let i = 0; i <= LIVE_MAX; i++)
      pipe(payment(`P${i}`, { date: TODAY, amount: 5 }), failure(`P${i}`, TODAY))
    const ids = raisedOf().map(({ alertId }) => alertId)
    expect(ids).toHaveLength(LIVE_MAX + 1)
    expect(driver.state(LIVE_IDS, 'acme')).toEqual(ids.slice(1))
    expect(
      live()
        .map(({ slice }) => slice)
        .sort(),
    ).toEqual(ids.slice(1).sort())
  })
})

describe('whatever happens to the stream', () => {
  const EVENTS: readonly FinanceEvent[] = [
    settings('TenantRegistered'),
    alertRule('big', {
      measure: 'receivablesTotal',
      threshold: '100',
      clearLevel: '60',
      coolDownMinutes: 10,
    }),
    bill('B', { due: TODAY + 5, total: 50 }),
    invoice('I1', { date: TODAY - 200, due: TODAY - 95, total: 90 }),
    invoice('I2', { date: TODAY, due: TODAY + 3, total: 40 }),
    payment('P1', { date: TODAY, amount: 80, to: { I1: 80 } }),
    payment('P2', { date: TODAY, amount: 80 }),
    failure('P2', TODAY),
    invoice('I3', { date: TODAY, due: TODAY + 40, total: 90 }),
    payout('V', { date: TODAY, amount: 50, to: { B: 50 } }),
    alertRule('big', { measure: 'receivablesTotal', threshold: '500' }),
    journal('J', { date: TODAY, amount: -500 }),
    reversal('P1', TODAY),
  ]
  const ticks = [NOON + 15 * MINUTE, startOfDay(TODAY + 1, 'Asia/Dhaka'), startOfDay(TODAY + 4, 'Asia/Dhaka')]
  const run = (d: TestDriver, between: (i: number) => void = () => undefined) => {
    EVENTS.forEach((one, i) => {
      d.pipe(one, { timestamp: NOON + i * 1000 })
      between(i)
    })
    for (const tick of ticks) {
      d.tick(tick)
      between(-1)
    }
  }
  const outcome = (d: TestDriver) => ({
    alerts: d.alerts(),
    live: live(d).map(({ revision: _revision, logTime: _logTime, ...rest }) => rest),
    digest: d.digest(),
  })

  it('a crash at any step of any commit loses and doubles nothing', () => {
    run(driver)
    const expected = outcome(driver)
    expect(story()).toContain('+big')
    expect(story()).toContain('+cash-flow')
    for (const step of COMMIT_STEPS) {
      for (let at = 0; at < EVENTS.length; at += 3) {
        const crashing = new TestDriver({ topologies, startMs: NOON })
        run(crashing, (i) => {
          if (i === at) {
            crashing.crashAt(step)
            crashing.cut()
          } else if (i % 4 === 0) crashing.restart()
        })
        expect({ step, at, ...outcome(crashing) }).toEqual({ step, at, ...expected })
      }
    }
  }, 60_000)

  it('an event that comes twice raises nothing twice', () => {
    run(driver)
    const expected = outcome(driver).alerts.map(({ data }) => (data as { alertId: string }).alertId)
    const twice = new TestDriver({ topologies, startMs: NOON })
    EVENTS.forEach((one, i) => {
      twice.pipe(one, { timestamp: NOON + i * 1000 })
      twice.pipe(EVENTS[Math.floor(i / 2)] ?? one)
      twice.pipe(one)
    })
    for (const tick of ticks) twice.tick(tick)
    expect(twice.alerts().map(({ data }) => (data as { alertId: string }).alertId)).toEqual(expected)
  })

  it('a handler that throws half way leaves no alert behind', () => {
    pipe(settings('TenantRegistered'))
    driver.failAfterWrites(2)
    pipe(bill('B', { due: TODAY, total: 5 }))
    driver.failNever()
    expect(driver.dlq()).toHaveLength(1)
    expect(story()).toEqual([])
    pipe(bill('B2', { due: TODAY, total: 5 }))
    expect(of('cash-flow')).toMatchObject([{ value: '-5.00' }])
  })

  it('documents in any order end with the same alerts live: payment before invoice, allocation before bill', () => {
    const documents = [
      invoice('I', { date: TODAY - 200, due: TODAY - 95, total: 90 }),
      payment('P', { date: TODAY - 100, amount: 60, to: { I: 60 } }),
      bill('B', { due: TODAY + 5, total: 80 }),
      payout('V', { date: TODAY - 50, amount: 70, to: { B: 50 } }),
      invoice('J', { date: TODAY, due: TODAY + 9, total: 20 }),
    ]
    // Cash 60 - 70 = -10; in: 30 that are past due; out: 80 - 50, less the advance of 20.
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [3, 1, 0, 4, 2],
      [1, 3, 2, 0, 4],
    ]
    for (const order of orders) {
      const d = new TestDriver({ topologies, startMs: NOON })
      for (const i of order) d.pipe(documents[i] as FinanceEvent)
      expect(live(d).map(({ ruleId }) => ruleId)).toEqual(['receivables-over-90'])
      d.pipe(paidExpense('E', { date: TODAY, total: '10.01' }))
      const lowest = d.alerts().findLast(({ type }) => type === 'AlertRaised')?.data
      expect(lowest).toMatchObject({ ruleId: 'cash-flow', value: '-0.01', inputs: { daysToShortage: '5' } })
    }
  })
})
