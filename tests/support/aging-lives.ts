/**
 * Lives of documents with their aging worked out by hand, told as sales; payables-mirror.ts tells them as purchases. A row
 * is what stands at the end of a day in the base currency: current, 1-30, 31-60, 61-90, 90+, and what is unapplied.
 */
import type { FinanceEvent } from '../../schemas/generated/records.ts'
import { taka } from '../unit/domain/support.ts'
import {
  allocation,
  approval,
  cancellation,
  creditNote,
  dispute,
  dueChange,
  failure,
  invoice,
  payment,
  reversal,
  writeOff,
} from '../unit/domain/support.ts'
import { asPayables, type Withheld } from './payables-mirror.ts'

export interface Told {
  readonly event: FinanceEvent
  /** When the broker appended it. */
  readonly appendedAt: number
}

export interface Life {
  readonly title: string
  readonly told: readonly Told[]
  readonly days: Readonly<Record<string, string>>
  /** By what was known at an instant: [instant, day, row]. */
  readonly known?: readonly (readonly [at: string, asOf: string, row: string])[]
  readonly disputed?: Readonly<Record<string, string>>
  /** Rows on posting basis. */
  readonly posting?: Readonly<Record<string, string>>
}

const EARLY = Date.parse('2025-06-01T00:00:00Z')
const told = (...events: FinanceEvent[]): Told[] => events.map((event) => ({ event, appendedAt: EARLY }))
const at = (instant: string, event: FinanceEvent): Told => ({ event, appendedAt: Date.parse(instant) })

const ZERO = '0 0 0 0 0 0'
const MARCH = invoice('I1', { date: '2026-02-01', due: '2026-03-01', total: 100 })

export const LIVES: readonly Life[] = [
  {
    title: 'time alone moves it: age 0, 1, 30, 31, 60, 61, 90, 91',
    told: told(MARCH),
    days: {
      '2026-01-31': ZERO,
      '2026-02-01': '100 0 0 0 0 0',
      '2026-03-01': '100 0 0 0 0 0',
      '2026-03-02': '0 100 0 0 0 0',
      '2026-03-31': '0 100 0 0 0 0',
      '2026-04-01': '0 0 100 0 0 0',
      '2026-04-30': '0 0 100 0 0 0',
      '2026-05-01': '0 0 0 100 0 0',
      '2026-05-30': '0 0 0 100 0 0',
      '2026-05-31': '0 0 0 0 100 0',
    },
    posting: { '2026-02-01': '100 0 0 0 0 0', '2026-03-03': '0 100 0 0 0 0', '2026-03-04': '0 0 100 0 0 0' },
  },
  {
    title: 'over a leap day',
    told: told(invoice('I1', { date: '2028-02-01', due: '2028-02-29', total: 100 })),
    days: {
      '2028-02-29': '100 0 0 0 0 0',
      '2028-03-01': '0 100 0 0 0 0',
      '2028-03-30': '0 100 0 0 0 0',
      '2028-03-31': '0 0 100 0 0 0',
      '2028-05-29': '0 0 0 100 0 0',
      '2028-05-30': '0 0 0 0 100 0',
    },
  },
  {
    title: 'instalments: money takes what is due first',
    told: told(
      invoice('I1', {
        date: '2026-01-01',
        due: '2026-03-31',
        total: 300,
        parts: [
          ['2026-01-31', 100],
          ['2026-02-28', 100],
          ['2026-03-31', 100],
        ],
      }),
      payment('P1', { date: '2026-02-10', amount: 150, to: { I1: 150 } }),
    ),
    days: {
      '2026-02-09': '200 100 0 0 0 0',
      '2026-02-10': '150 0 0 0 0 0',
      '2026-03-05': '100 50 0 0 0 0',
      '2026-05-01': '0 0 100 50 0 0',
    },
    posting: { '2026-02-10': '0 0 150 0 0 0' },
  },
  {
    title: 'an advance settles from the day of its allocation',
    told: told(
      payment('P1', { date: '2026-02-01', amount: 100 }),
      invoice('I1', { date: '2026-03-01', due: '2026-03-31', total: 80 }),
      allocation('P1', '2026-03-10', { I1: 60 }),
    ),
    days: {
      '2026-02-15': '0 0 0 0 0 -100',
      '2026-03-09': '80 0 0 0 0 -100',
      '2026-03-10': '20 0 0 0 0 -40',
    },
  },
  {
    title: 'credit before payment',
    told: told(
      MARCH,
      creditNote('N1', { date: '2026-02-20', total: 30, to: { I1: 30 } }),
      payment('P1', { date: '2026-03-05', amount: 70, to: { I1: 70 } }),
    ),
    days: {
      '2026-02-19': '100 0 0 0 0 0',
      '2026-02-20': '70 0 0 0 0 0',
      '2026-03-04': '0 70 0 0 0 0',
      '2026-03-05': ZERO,
    },
  },
  {
    title: 'a payment before its document waits for it, whichever came first',
    told: told(
      payment('P1', { date: '2026-02-20', amount: 100, to: { I1: 100 } }),
      invoice('I1', { date: '2026-03-10', due: '2026-04-09', total: 100 }),
    ),
    days: {
      '2026-02-19': ZERO,
      '2026-02-20': '0 0 0 0 0 -100',
      '2026-03-09': '0 0 0 0 0 -100',
      '2026-03-10': ZERO,
    },
  },
  {
    title: 'a backdated allocation, in both clocks',
    told: [
      at('2026-06-01T05:00:00Z', invoice('I1', { date: '2026-06-01', due: '2026-06-15', total: 100 })),
      at('2026-06-20T05:00:00Z', payment('P1', { date: '2026-06-20', amount: 100 })),
      at('2026-07-06T05:00:00Z', allocation('P1', '2026-06-25', { I1: 100 })),
    ],
    days: { '2026-06-24': '0 100 0 0 0 -100', '2026-06-25': ZERO, '2026-06-30': ZERO },
    known: [
      ['2026-06-01T04:59:59.999Z', '2026-06-30', ZERO],
      ['2026-06-19T00:00:00Z', '2026-06-30', '0 100 0 0 0 0'],
      ['2026-07-05T17:59:59Z', '2026-06-30', '0 100 0 0 0 -100'],
      ['2026-07-06T04:59:59.999Z', '2026-06-30', '0 100 0 0 0 -100'],
      ['2026-07-06T05:00:00.000Z', '2026-06-30', ZERO],
      ['2026-07-06T11:00:00+06:00', '2026-06-24', '0 100 0 0 0 -100'],
    ],
  },
  {
    title: 'a bounce opens it again, at its old age',
    told: [
      ...told(MARCH, payment('P1', { date: '2026-03-10', amount: 110, to: { I1: 100 } })),
      at('2026-03-22T05:00:00Z', reversal('P1', '2026-03-20')),
    ],
    days: { '2026-03-10': '0 0 0 0 0 -10', '2026-03-19': '0 0 0 0 0 -10', '2026-03-20': '0 100 0 0 0 0' },
    known: [['2026-03-22T04:59:59Z', '2026-03-21', '0 0 0 0 0 -10']],
  },
  {
    title: 'a payment that failed never counted',
    told: [
      ...told(MARCH, payment('P1', { date: '2026-03-10', amount: 100, to: { I1: 100 } })),
      at('2026-03-15T05:00:00Z', failure('P1', '2026-03-15')),
    ],
    days: { '2026-03-10': '0 100 0 0 0 0', '2026-03-20': '0 100 0 0 0 0' },
    known: [['2026-03-15T04:00:00Z', '2026-03-20', ZERO]],
  },
  {
    title: 'a write-off settles a part',
    told: told(MARCH, writeOff('I1', '2026-04-01', 40)),
    days: { '2026-03-31': '0 100 0 0 0 0', '2026-04-01': '0 0 60 0 0 0' },
  },
  {
    title: 'what is disputed stays in its bucket',
    told: told(MARCH, dispute('I1', '2026-03-10', true), dispute('I1', '2026-03-20', false)),
    days: { '2026-03-15': '0 100 0 0 0 0' },
    disputed: { '2026-03-09': '0', '2026-03-10': '100', '2026-03-19': '100', '2026-03-20': '0' },
  },
  {
    title: 'a new due date holds from its effective day',
    told: [...told(MARCH), at('2026-04-10T05:00:00Z', dueChange('I1', '2026-03-20', '2026-04-15'))],
    days: { '2026-03-19': '0 100 0 0 0 0', '2026-03-20': '100 0 0 0 0 0', '2026-04-16': '0 100 0 0 0 0' },
    known: [['2026-04-10T04:00:00Z', '2026-03-20', '0 100 0 0 0 0']],
  },
  {
    title: 'a cancelled one leaves, and its money is unapplied again',
    told: told(
      MARCH,
      payment('P1', { date: '2026-03-05', amount: 60, to: { I1: 60 } }),
      cancellation('I1', '2026-03-20'),
    ),
    days: { '2026-03-19': '0 40 0 0 0 0', '2026-03-20': '0 0 0 0 0 -60' },
  },
  {
    title: 'a draft counts from its date once it is approved',
    told: [
      ...told(invoice('I1', { date: '2026-02-01', due: '2026-03-01', total: 90, status: 'DRAFT' })),
      at('2026-03-08T05:00:00Z', approval('I1', { date: '2026-02-01', due: '2026-03-01', total: 100 })),
    ],
    days: { '2026-01-31': ZERO, '2026-02-01': '100 0 0 0 0 0', '2026-03-10': '0 100 0 0 0 0' },
    known: [['2026-03-08T04:00:00Z', '2026-03-10', ZERO]],
  },
  {
    title: 'taxes withheld by who pays settle too',
    told: told(MARCH, payment('P1', { date: '2026-03-05', amount: 85, vds: 10, tds: 5, to: { I1: 100 } })),
    days: { '2026-03-04': '0 100 0 0 0 0', '2026-03-05': ZERO },
  },
  {
    title: 'part payments in a foreign currency, each document at its own rate',
    told: told(
      invoice('I1', {
        date: '2026-02-01',
        due: '2026-03-01',
        total: '33.33',
        currency: 'USD',
        rate: '121.35',
      }),
      payment('P1', {
        date: '2026-03-10',
        amount: '11.11',
        currency: 'USD',
        rate: '122',
        to: { I1: '11.11' },
      }),
      payment('P2', {
        date: '2026-04-10',
        amount: '32.22',
        currency: 'USD',
        rate: '123',
        to: { I1: '22.22' },
      }),
    ),
    days: {
      // 33.33 x 121.35 = 4044.5955; 22.22 x 121.35 = 2696.397; 10 x 123.
      '2026-03-01': '4044.6 0 0 0 0 0',
      '2026-03-10': '0 2696.4 0 0 0 0',
      '2026-04-09': '0 0 2696.4 0 0 0',
      '2026-04-10': '0 0 0 0 0 -1230',
    },
  },
]

/** Of every bill something goes to the tax office. */
const WITHHELD: Withheld = [taka(10), taka(5)]

export const SIDES = [
  { side: 'receivables', tell: (told: readonly Told[]) => told },
  {
    side: 'payables',
    tell: (told: readonly Told[]): readonly Told[] => {
      const events = asPayables(
        told.map(({ event }) => event),
        () => WITHHELD,
      )
      return told.map(({ appendedAt }, i) => ({ event: events[i] as FinanceEvent, appendedAt }))
    },
  },
] as const
