/** The close of the day as a final with corrections: what finance people see, by hand. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { TestDriver, TEST_CODEC } from '../../processors/runtime/testing/driver.ts'
import { RULE } from '../../processors/topologies/closings.ts'
import { CLOSINGS, MOVES } from '../../processors/topologies/stores.ts'
import { buildTopologies } from '../../processors/topologies/index.ts'
import type { AgingResult } from '../../schemas/generated/records.ts'
import { formatDay, parseDay, startOfDay } from '../../schemas/values/calendar.ts'
import {
  allocation,
  approval,
  cancellation,
  creditAllocation,
  creditCancellation,
  creditNote,
  dispute,
  dueChange,
  expense,
  expenseCancellation,
  failure,
  invoice,
  payment,
  reversal,
  settings,
  writeOff,
} from '../unit/domain/support.ts'

const topologies = buildTopologies((type, value) => TEST_CODEC.encode(type, value))
const at = (text: string) => Date.parse(text)
/** 15 January 2026, 10:05 in Dhaka. */
const NOON = at('2026-01-15T04:05:00Z')

let d: TestDriver
beforeEach(() => {
  // Ids are remembered for as long as a test goes on: what is late here is late for a close.
  d = new TestDriver({ topologies, startMs: NOON, idHorizonMs: 400 * 86_400_000 })
})
const agings = (kind: string) =>
  d
    .history()
    .filter(({ type, data }) => type === 'AgingResult' && data.kind === kind)
    .map(({ data }) => data as AgingResult)
const totals = (kind: string) =>
  agings(kind).map(({ asOf, total }) => `${formatDay(asOf).slice(5)}: ${Number(total) / 10_000}`)
const windows = () => d.late().map(({ headers }) => headers['nikash-late-window'])

/** Three days closed: 15, 16 and 17 January; it is 02:00 on the 18th in Dhaka. */
function threeCloses(): void {
  d.pipe(settings('TenantRegistered'))
  d.pipe(invoice('I1', { date: '2026-01-10', due: '2026-01-20', total: 100 }))
  d.tick(at('2026-01-17T20:00:00Z'))
  expect(totals('CLOSE')).toEqual(['01-15: 100', '01-16: 100', '01-17: 100'])
}

describe('a document for a closed day', () => {
  it('corrects the closes from its day on at the next quarter-hour, not before, with a higher revision', () => {
    threeCloses()
    d.pipe(invoice('I2', { date: '2026-01-16', total: 7 }), { timestamp: at('2026-01-17T20:01:00Z') })
    expect(totals('CORRECTION')).toEqual([])
    d.tick(at('2026-01-17T20:15:00Z'))
    expect(totals('CORRECTION')).toEqual(['01-16: 107', '01-17: 107'])
    const [close] = agings('CLOSE').slice(1)
    const [correction] = agings('CORRECTION')
    expect(correction?.revision).toBeGreaterThan(close?.revision ?? Number.NaN)
    expect(correction).toMatchObject({ asOf: parseDay('2026-01-16'), logTime: at('2026-01-17T20:15:00Z') })
    d.tick(at('2026-01-17T20:30:00Z'))
    d.tick(at('2026-01-17T21:00:00Z'))
    expect(totals('CORRECTION')).toHaveLength(2)
    expect(totals('CLOSE')).toHaveLength(3)
  })

  it('of every kind corrects the closes with what it moves', () => {
    threeCloses()
    const timestamp = at('2026-01-17T20:01:00Z')
    d.pipe(writeOff('I1', '2026-01-15', 10), { timestamp })
    d.pipe(dispute('I1', '2026-01-16', true), { timestamp })
    d.pipe(creditNote('N1', { date: '2026-01-16', total: 30, to: { I1: 20 } }), { timestamp })
    d.pipe(
      invoice('I2', {
        date: '2026-01-11',
        total: 9,
        parts: [
          ['2026-01-15', 4],
          ['2026-01-16', 5],
        ],
      }),
      { timestamp },
    )
    d.pipe(creditCancellation('N1', '2026-01-17'), { timestamp })
    d.tick(at('2026-01-17T20:15:00Z'))
    const corrected = agings('CORRECTION').map(({ asOf, due, unapplied, disputed, total }) => [
      formatDay(asOf).slice(5),
      ...[due.current, due.days1To30, unapplied, disputed, total].map((a) => Number(a) / 10_000),
    ])
    expect(corrected).toEqual([
      ['01-15', 99, 0, 0, 0, 99],
      ['01-16', 75, 4, -10, 70, 69],
      ['01-17', 90, 9, 0, 90, 99],
    ])
  })

  it('is late once, with its day and how long after the end of the day it came', () => {
    threeCloses()
    d.pipe(invoice('I2', { date: '2026-01-16', total: 7 }), { timestamp: at('2026-01-17T20:01:00Z') })
    const [letter] = d.late()
    expect(letter?.value).toEqual(d.log.at(-1)?.value)
    expect(letter?.headers).toMatchObject({
      'nikash-dlq-code': 'late_counted',
      'nikash-late-reason': 'after_final',
      'nikash-late-window': 'close 2026-01-16',
      'nikash-late-ms': String(at('2026-01-17T20:01:00Z') - startOfDay(parseDay('2026-01-17'), 'Asia/Dhaka')),
    })
    expect(d.late()).toHaveLength(1)
  })

  it('of a thousand brings a thousand late records, and one correction per day and quarter-hour', () => {
    threeCloses()
    for (let i = 0; i < 1_000; i++)
      d.pipe(expense(`E${i}`, { date: `2026-01-1${5 + (i % 3)}`, net: 1 }), {
        timestamp: at('2026-01-17T20:01:00Z') + i * 100,
      })
    d.tick(at('2026-01-17T20:15:00Z'))
    expect(d.late()).toHaveLength(1_000)
    expect(d.history().filter(({ data }) => data.kind === 'CORRECTION')).toHaveLength(6)
  })

  it('that is refused is not late and corrects nothing', () => {
    threeCloses()
    d.pipe(invoice('I2', { date: '2026-01-16', total: -7 }))
    d.tick(at('2026-01-17T20:30:00Z'))
    expect([d.dlq().length, d.late(), totals('CORRECTION')]).toEqual([1, [], []])
  })
})

describe('the day from which an event matters', () => {
  const cases = {
    'an invoice: its date': [() => [invoice('X', { date: '2026-01-16', total: 5 })], '16'],
    'a draft: never': [() => [invoice('X', { date: '2026-01-16', total: 5, status: 'DRAFT' })], ''],
    'an approval: the date of the invoice': [() => [approval('D', { date: '2026-01-17', total: 5 })], '17'],
    'a cancellation: its date': [() => [cancellation('I1', '2026-01-17')], '17'],
    'a cancellation today: not late': [() => [cancellation('I1', '2026-01-18')], ''],
    'a payment today for an old invoice: not late': [
      () => [payment('P', { date: '2026-01-18', amount: 9, to: { I1: 9 } })],
      '',
    ],
    'a payment: its date': [() => [payment('P', { date: '2026-01-15', amount: 9, to: { I1: 9 } })], '15'],
    'an allocation today of an old payment: not late': [
      () => [allocation('OLD', '2026-01-18', { I1: 5 })],
      '',
    ],
    'an allocation: its date': [() => [allocation('OLD', '2026-01-17', { I1: 5 })], '17'],
    'a reversal: its date': [() => [reversal('OLD', '2026-01-16')], '16'],
    'a payment of a closed day that fails: the date of the payment': [
      () => [failure('NEW', '2026-01-18')],
      '15',
    ],
    'a failure of a payment older than any close: not late': [() => [failure('OLD', '2026-01-18')], ''],
    'a due date: from its effective day': [() => [dueChange('I1', '2026-01-16', '2026-02-20')], '16'],
    'an expense: its date': [() => [expense('X', { date: '2026-01-15', net: 1 })], '15'],
    'a write-off: its date': [() => [writeOff('I1', '2026-01-16', 5)], '16'],
    'a write-off of more than is open on a day before a payment: its date': [
      () => [
        payment('P', { date: '2026-01-18', amount: 100, to: { I1: 100 } }),
        writeOff('I1', '2026-01-17', 5),
      ],
      '17',
    ],
    'a dispute: from its effective day': [() => [dispute('I1', '2026-01-17', true)], '17'],
    'a credit note: its date': [() => [creditNote('X', { date: '2026-01-16', total: 5 })], '16'],
    'an allocation of a credit note: its date': [
      () => [creditAllocation('N', '2026-01-17', { I1: 5 })],
      '17',
    ],
    'a credit note that is cancelled: that date': [() => [creditCancellation('N', '2026-01-16')], '16'],
    'an expense that is cancelled: that date': [() => [expenseCancellation('E', '2026-01-16')], '16'],
    'an expense that is cancelled before its date: its date': [
      () => [expenseCancellation('E', '2026-01-01')],
      '15',
    ],
    'an expense that was cancelled before it was approved: never': [
      () => [expenseCancellation('X', '2026-01-01'), expense('X', { date: '2026-01-15', net: 1 })],
      '',
    ],
    'a date before the first close: not late': [() => [invoice('X', { date: '2012-05-01', total: 5 })], ''],
    'a future date: not late': [() => [invoice('X', { date: '2026-03-01', total: 5 })], ''],
  } as const
  it.each(Object.entries(cases))('of %s', (_name, [make, day]) => {
    d.pipe(payment('OLD', { date: '2026-01-02', amount: 50 }))
    d.pipe(payment('NEW', { date: '2026-01-15', amount: 1 }))
    d.pipe(creditNote('N', { date: '2026-01-02', total: 50 }))
    d.pipe(expense('E', { date: '2026-01-15', net: 5 }))
    d.pipe(invoice('D', { date: '2026-01-17', total: 5, status: 'DRAFT' }))
    threeClosesOf()
    for (const one of make()) d.pipe(one)
    expect(d.dlq()).toEqual([])
    expect(windows()).toEqual(day === '' ? [] : [`close 2026-01-${day}`])
  })
  function threeClosesOf(): void {
    d.pipe(settings('TenantRegistered'))
    d.pipe(invoice('I1', { date: '2026-01-10', due: '2026-01-20', total: 100 }))
    d.tick(at('2026-01-17T20:00:00Z'))
  }
})

describe('history', () => {
  it('of years for a new tenant is not late, brings no correction, and keeps nothing for one', () => {
    d.pipe(settings('TenantRegistered'))
    for (let i = 0; i < 500; i++)
      d.pipe(invoice(`I${i}`, { date: parseDay('2012-05-01') + i * 10, total: 1 }), { timestamp: NOON + i })
    expect([d.entries(MOVES).size, d.entries(CLOSINGS).size]).toEqual([0, 0])
    d.tick(at('2026-01-16T00:00:00Z'))
    expect([d.late().length, totals('CORRECTION'), totals('CLOSE')]).toEqual([0, [], ['01-15: 500']])
  })

  it('of years for a tenant with closes is not late either, and its closes are put right once per quarter-hour', () => {
    threeCloses()
    for (let i = 0; i < 300; i++)
      d.pipe(invoice(`H${i}`, { date: parseDay('2012-05-01') + i, total: 1 }), {
        timestamp: at('2026-01-17T20:01:00Z') + i,
      })
    d.tick(at('2026-01-17T20:15:00Z'))
    expect([d.late().length, d.entries(MOVES).size]).toEqual([0, 0])
    expect(totals('CORRECTION')).toEqual(['01-15: 400', '01-16: 400', '01-17: 400'])
  })
})

describe('the horizon', () => {
  it('leaves older closes as they were published, and still calls the event late', () => {
    threeCloses()
    const today = parseDay('2026-01-15') + RULE.horizon + 2
    d.tick(startOfDay(today, 'Asia/Dhaka') + 3_600_000)
    const closed = agings('CLOSE').length
    expect(closed).toBe(RULE.horizon + 2)
    d.pipe(invoice('I2', { date: '2026-01-15', total: 7 }))
    d.tick(startOfDay(today, 'Asia/Dhaka') + 7_200_000)
    expect(windows()).toEqual(['close 2026-01-15'])
    const corrected = agings('CORRECTION').map(({ asOf }) => asOf)
    expect(corrected).toEqual(Array.from({ length: RULE.horizon }, (_, i) => today - RULE.horizon + i))
  })

  it('bounds what is kept: moves of days that no close needs are gone', () => {
    threeCloses()
    const day = parseDay('2026-01-18')
    for (let i = 0; i < 80; i++) {
      d.pipe(invoice(`J${i}`, { date: day + i, total: 1 }), {
        timestamp: startOfDay(day + i, 'Asia/Dhaka') + 60_000,
      })
    }
    expect(d.entries(MOVES).size).toBe(RULE.horizon)
    expect(d.late()).toEqual([])
  })
})

describe('a day that comes again', () => {
  it('because its tenant moved west is closed once; what it brings more is a correction', () => {
    d.pipe(settings('TenantRegistered', { zone: 'Pacific/Kiritimati' }), {
      timestamp: at('2026-01-15T09:00:00Z'),
    })
    // 10:30Z: it is the 16th on Kiritimati, the 14th on Pago Pago. Two days go by twice.
    d.tick(at('2026-01-15T10:30:00Z'))
    expect(totals('CLOSE')).toEqual(['01-15: 0'])
    d.pipe(settings('TenantSettingsChanged', { zone: 'Pacific/Pago_Pago' }))
    d.pipe(invoice('I1', { date: '2026-01-14', total: 10 }))
    expect(windows()).toEqual([])
    for (let hour = 11; hour < 24 * 4; hour++) d.tick(at('2026-01-15T00:00:00Z') + hour * 3_600_000)
    expect(totals('CLOSE')).toEqual(['01-15: 0', '01-16: 10', '01-17: 10'])
    expect(totals('CORRECTION')).toEqual(['01-15: 10'])
    expect(d.dlq()).toEqual([])
  })

  it('and is late for what comes while it runs again', () => {
    d.pipe(settings('TenantRegistered', { zone: 'Asia/Dhaka' }), { timestamp: at('2026-01-15T17:00:00Z') })
    d.tick(at('2026-01-15T18:15:00Z'))
    d.pipe(settings('TenantSettingsChanged', { zone: 'Europe/London' }))
    d.pipe(invoice('I1', { date: '2026-01-15', total: 10 }))
    expect(windows()).toEqual(['close 2026-01-15'])
    d.tick(at('2026-01-15T18:30:00Z'))
    expect(totals('CORRECTION')).toEqual(['01-15: 10'])
    d.tick(at('2026-01-17T18:30:00Z'))
    expect(totals('CLOSE')).toEqual(['01-15: 0', '01-16: 10'])
  })
})
