import { describe, expect, it } from '@jest/globals'
import { OPERATIONS } from '../../../../producers/kernel/catalogue.ts'
import { customersOf, seasonOf } from '../../../../producers/simulator/company.ts'
import { Counter, OPEN_MAX } from '../../../../producers/simulator/counter.ts'
import { Plan, type PlannedItem } from '../../../../producers/simulator/plan.ts'
import { Random } from '../../../../producers/simulator/random.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'

const END = parseDay('2026-11-23')
const START = END - 400
const itemsOf = (plan: Plan, from: number, to: number): PlannedItem[] => {
  const items: PlannedItem[] = []
  for (let day = from; day <= to; day++) items.push(...plan.day(day).map((one) => one.item))
  return items
}
const history = itemsOf(new Plan(1971, START), START, END)

describe('the plan of the demo company', () => {
  it('is the same again for the same seed, whichever day is asked first, and another for another seed', () => {
    expect(new Plan(1971, START).day(END)).toEqual(new Plan(1971, START).day(END))
    const late = new Plan(1971, START)
    expect(itemsOf(late, END - 3, END)).toEqual(history.slice(-itemsOf(late, END - 3, END).length))
    expect(itemsOf(new Plan(1972, START), END - 3, END)).not.toEqual(itemsOf(late, END - 3, END))
  })

  it('has about two thousand invoices in four hundred days, and every command fits its schema', () => {
    const schemas = new Map(OPERATIONS.map((operation) => [operation.name, operation.schema]))
    const bad = [...new Plan(1971, START).opening(), ...history].filter(
      (item) => !schemas.get(item.type)?.safeParse(item.body).success,
    )
    expect(bad).toEqual([])
    const invoices = history.filter((item) => item.type === 'invoice.create').length
    expect([invoices >= 1_500, invoices <= 2_500]).toEqual([true, true])
  })

  it('never repeats an id or key', () => {
    const names = history.map((item) => `${item.type} ${item.key ?? String(item.body['id'])}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it('pays an invoice after it was written, and in sum never more than its total', () => {
    const cents = (text: unknown) => BigInt(String(text).replace('.', ''))
    const open = new Map<string, bigint>()
    const paid: bigint[] = []
    const tooMuch: string[] = []
    for (const { type, body } of history) {
      if (type === 'invoice.create') {
        const lines = body['lines'] as { quantity: string; unitPrice: string }[]
        const net = lines.map((line) => BigInt(line.quantity) * cents(line.unitPrice))
        open.set(
          String(body['id']),
          net.reduce((sum, one) => sum + one + (one * 15n + 50n) / 100n, 0n),
        )
      }
      for (const { invoiceId, amount } of (body['allocations'] ?? []) as {
        invoiceId: string
        amount: string
      }[]) {
        const left = (open.get(invoiceId) ?? -1n) - cents(amount)
        if (left < 0n) tooMuch.push(invoiceId)
        open.set(invoiceId, left)
        paid.push(left)
      }
    }
    expect(tooMuch).toEqual([])
    expect(paid.filter((left) => left === 0n).length).toBeGreaterThan(1_000)
  })

  it('sells more before Eid and in June, little on a Friday', () => {
    const season = (day: string) => seasonOf(parseDay(day))
    expect(season('2026-03-11')).toBeGreaterThan(season('2026-02-11') * 1.5)
    expect(season('2026-03-20')).toBeLessThan(0.2)
    expect(season('2026-06-23')).toBeGreaterThan(season('2026-09-22'))
    expect(season('2026-11-20')).toBeLessThan(0.3)
  })
})

describe('the counter', () => {
  const counterOf = (speed: number) =>
    new Counter({ seed: 1, speed, customers: customersOf(1), open: [], nowMs: 0 })

  it('does in a slot what follows from seed and slot', () => {
    expect(counterOf(1).slot(5_000, END)).toEqual(counterOf(1).slot(5_000, END))
  })

  it('is lively at first and then trades about once a minute', () => {
    const counter = counterOf(1)
    let first = 0
    let last = 0
    for (let at = 0; at < 86_400_000; at += counter.slotMs) {
      const traded = counter.slot(at, END).length > 0 ? 1 : 0
      if (at < 20 * 60_000) first += traded
      if (at >= 82_800_000) last += traded
    }
    expect(first).toBe(240)
    expect([last >= 59, last <= 61]).toEqual([true, true])
    expect(counter.open.length).toBeLessThanOrEqual(OPEN_MAX)
  })

  it('does nothing at speed 0', () => {
    expect(counterOf(0).slotMs).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('chance', () => {
  it('is spread evenly and can be had again', () => {
    const draw = (seed: number) => {
      const random = new Random(seed, 'x')
      return Array.from({ length: 2_000 }, () => random.next())
    }
    expect(draw(1)).toEqual(draw(1))
    const mean = draw(7).reduce((a, b) => a + b, 0) / 2_000
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03)
  })
})
