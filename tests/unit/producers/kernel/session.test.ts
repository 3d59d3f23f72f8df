/**
 * Random lives of three invoices (written off, too) and three payments, decided and followed by the product, and judged by a plain
 * recomputation from the events: on no day is more settled than there is, and nothing is refused that would have fitted.
 */
import { defaultsOf } from '../../../../schemas/codec/defaults.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { OPERATIONS } from '../../../../producers/kernel/catalogue.ts'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import type { DomainEvent } from '../../../../producers/kernel/events.ts'
import { NotLoaded, Session } from '../../../../producers/kernel/session.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'

const START = parseDay('2026-08-01')
const DAYS = 40
const IDS = ['1', '2', '3']

type Step = { readonly name: string; readonly id: string; readonly body: object }
type Happened = { readonly id: string; readonly event: DomainEvent }

const id = fc.constantFrom(...IDS)
const date = fc.integer({ min: 0, max: DAYS - 1 }).map((day) => formatDay(START + day))
const whole = fc.integer({ min: 40, max: 60 }).map((n) => `${n}.00`)
const part = fc.integer({ min: 5, max: 45 }).map((n) => `${n}.00`)
const allocations = fc.uniqueArray(fc.record({ invoiceId: id.map((one) => `i${one}`), amount: part }), {
  minLength: 1,
  maxLength: 2,
  selector: (one) => one.invoiceId,
})
const invoices = fc.tuple(date, whole).map(
  ([invoiceDate, unitPrice]) =>
    (one: string): Step => ({
      name: 'invoice.create',
      id: `i${one}`,
      body: { id: `i${one}`, customerId: 'c', status: 'APPROVED', invoiceDate, lines: [{ unitPrice }] },
    }),
)
const payments = fc.tuple(date, whole, fc.option(allocations, { nil: [] })).map(
  ([paymentDate, paid, parts]) =>
    (one: string): Step => ({
      name: 'payment.receive',
      id: `p${one}`,
      body: { id: `p${one}`, customerId: 'c', paymentDate, amount: paid, allocations: parts },
    }),
)
const start = fc
  .tuple(...IDS.map(() => invoices), ...IDS.map(() => payments))
  .map((makers) => makers.map((make, index) => make(IDS[index % IDS.length] ?? '')))
const later: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(id, date, allocations).map(([one, allocationDate, parts]) => ({
      name: 'payment.allocate',
      id: `p${one}`,
      body: { allocationDate, allocations: parts },
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(id, date)
      .map(([one, reversalDate]) => ({ name: 'payment.reverse', id: `p${one}`, body: { reversalDate } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(id, date)
      .map(([one, cancelledDate]) => ({ name: 'invoice.cancel', id: `i${one}`, body: { cancelledDate } })),
  },
  { weight: 1, arbitrary: id.map((one) => ({ name: 'payment.fail', id: `p${one}`, body: {} })) },
  {
    weight: 1,
    arbitrary: fc.tuple(id, date, part).map(([one, writeOffDate, amount]) => ({
      name: 'invoice.write-off',
      id: `i${one}`,
      body: { writeOffDate, amount },
    })),
  },
)

function openSession(): Session {
  const session = new Session('books', Date.parse('2026-11-23T06:00:00Z'))
  const refs = IDS.flatMap((one) => [
    { type: 'invoice', id: `i${one}` } as const,
    { type: 'payment', id: `p${one}` } as const,
  ])
  const registered = { name: 'Books', zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart: '07-01' }
  session.adoptAggregates([{ type: 'tenant', id: 'books' }, { type: 'customer', id: 'c' }, ...refs], [])
  session.adoptAllocations(refs, [])
  session.adoptCreditNotes(
    IDS.map((one) => `i${one}`),
    [],
  )
  session.adoptCounters(
    (['invoice', 'mushak', 'payment'] as const).map((kind) => ({ kind, period: '2026-27', value: 0 })),
  )
  session.append(0, { type: 'tenant', id: 'books' }, [{ type: 'TenantRegistered', data: registered }], '')
  const nothing = {
    nameBn: null,
    currency: null,
    paymentTermsDays: null,
    creditLimit: null,
    email: null,
    phone: null,
    country: null,
  }
  session.append(
    0,
    { type: 'customer', id: 'c' },
    [
      {
        type: 'CustomerCreated',
        data: { ...defaultsOf('CustomerCreated'), customerNumber: 'C', name: 'C', ...nothing },
      },
    ],
    '',
  )
  return session
}

function run(session: Session, { name, id: aggregateId, body }: Step): string {
  const operation = OPERATIONS.find((one) => one.name === name)
  if (!operation) throw new Error(name)
  const target = { id: aggregateId, command: operation.schema.parse(body) }
  try {
    session.append(0, { type: operation.aggregate, id: aggregateId }, operation.decide(session, target), '')
    return 'accepted'
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

/** Open amount of every invoice and unapplied amount of every payment, day by day, from the events alone. */
function recompute(events: readonly Happened[]): Map<string, bigint[]> {
  const left = new Map<string, bigint[]>()
  const add = (key: string, from: number, change: bigint) => {
    const days = left.get(key) ?? Array.from({ length: DAYS * 2 }, () => 0n)
    left.set(key, days)
    for (let day = Math.max(0, from - START); day < days.length; day++) days[day] = (days[day] ?? 0n) + change
  }
  const dates = new Map<string, number>()
  const settled: { payment: string; invoice: string; amount: bigint; from: number; to: number }[] = []
  const failed = new Set<string>()
  for (const { id: of, event } of events) {
    if (event.type === 'InvoiceCreated') {
      dates.set(of, event.data.invoiceDate)
      add(of, START, event.data.total)
    } else if (event.type === 'PaymentReceived' || event.type === 'PaymentAllocated') {
      if (event.type === 'PaymentReceived') {
        dates.set(of, event.data.paymentDate)
        add(of, START, event.data.amount)
      }
      const day = event.type === 'PaymentReceived' ? event.data.paymentDate : event.data.allocationDate
      for (const { invoiceId, amount: part } of event.data.allocations) {
        settled.push({
          payment: of,
          invoice: invoiceId,
          amount: part,
          from: Math.max(day, dates.get(invoiceId) ?? 0),
          to: Infinity,
        })
      }
    } else if (event.type === 'PaymentReversed' || event.type === 'InvoiceCancelled') {
      const day = event.type === 'PaymentReversed' ? event.data.reversalDate : event.data.cancelledDate
      const ends = Math.max(day, dates.get(of) ?? 0)
      for (const one of settled) if (one.payment === of || one.invoice === of) one.to = Math.min(one.to, ends)
    } else if (event.type === 'InvoiceWrittenOff') {
      const from = Math.max(event.data.writeOffDate, dates.get(of) ?? 0)
      settled.push({ payment: '', invoice: of, amount: event.data.amount, from, to: Infinity })
    } else if (event.type === 'PaymentFailed') failed.add(of)
  }
  for (const one of settled) {
    if (failed.has(one.payment) || one.to <= one.from) continue
    for (const key of [one.payment, one.invoice].filter((name) => name !== '')) {
      add(key, one.from, -one.amount)
      if (one.to !== Infinity) add(key, one.to, one.amount)
    }
  }
  return left
}

describe('a session', () => {
  it('never settles more than there is on any day, and refuses no allocation that fits', () => {
    let excesses = 0
    let allocated = 0
    fc.assert(
      fc.property(start, fc.array(later, { maxLength: 25 }), (created, more) => {
        const session = openSession()
        const happened = () => session.events.map(({ aggregate, event }) => ({ id: aggregate.id, event }))
        for (const one of [...created, ...more]) {
          const before = happened()
          const code = run(session, one)
          if (code === 'allocation_exceeds_open' && one.name === 'invoice.write-off') {
            const { amount, writeOffDate } = one.body as { amount: string; writeOffDate: string }
            const given = {
              amount: BigInt(amount.replace('.', '')) * 100n,
              writeOffDate: parseDay(writeOffDate),
            }
            const event = { type: 'InvoiceWrittenOff', data: { ...given, reason: '' } } as const
            const would = recompute([...before, { id: one.id, event }])
            expect([...would.values()].some((days) => days.some((left) => left < 0n))).toBe(true)
          } else if (code === 'allocation_exceeds_open') {
            excesses++
            const {
              allocations: wanted = [],
              allocationDate,
              paymentDate,
            } = one.body as {
              allocations?: { invoiceId: string; amount: string }[]
              allocationDate?: string
              paymentDate?: string
            }
            const parts = wanted.map((one_) => ({
              invoiceId: one_.invoiceId,
              amount: BigInt(one_.amount.replace('.', '')) * 100n,
            }))
            const event =
              one.name === 'payment.receive'
                ? {
                    type: 'PaymentReceived',
                    data: {
                      paymentDate: parseDay(paymentDate ?? ''),
                      amount: BigInt((one.body as { amount: string }).amount.replace('.', '')) * 100n,
                      allocations: parts,
                    },
                  }
                : {
                    type: 'PaymentAllocated',
                    data: { allocationDate: parseDay(allocationDate ?? ''), allocations: parts },
                  }
            const would = recompute([...before, { id: one.id, event: event as unknown as DomainEvent }])
            expect([...would.values()].some((days) => days.some((left) => left < 0n))).toBe(true)
          } else if (code === 'accepted' && one.name.startsWith('payment')) allocated++
        }
        const negative = [...recompute(happened())].filter(([, days]) => days.some((left) => left < 0n))
        expect(negative).toEqual([])
      }),
      { numRuns: 400 },
    )
    expect([excesses > 300, allocated > 300]).toEqual([true, true])
  })

  it('takes nothing for missing that was not looked for', () => {
    const session = openSession()
    expect(() => session.state('invoice', 'other')).toThrow(NotLoaded)
    expect(() => session.numberOwner('invoice', 'A-1')).toThrow(NotLoaded)
    expect(() => session.nextSerial('expense', '2026-27')).toThrow(NotLoaded)
    expect(() => session.allocationsOf('invoice', 'other')).toThrow(NotLoaded)
    expect(session.state('invoice', 'i1')).toBeNull()
  })
})
