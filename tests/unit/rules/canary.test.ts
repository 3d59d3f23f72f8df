/** The canary's script and its closed form: a table by hand, and the script played into plain sums as the oracle. */
import { describe, expect, it } from '@jest/globals'
import {
  CANARY_OPENING,
  canaryAccounts,
  type CanaryCommand,
  canaryFigures,
  canaryRound,
} from '../../../schemas/rules/canary.ts'
import { parseDecimal } from '../../../schemas/values/amount.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'

const [D1, D2, D3] = ['2026-06-30', '2026-07-01', '2026-07-05'].map(parseDay) as [number, number, number]
const money = (text: string) => parseDecimal(text)

describe('figures of the canary', () => {
  it('before the first round are all zero', () => {
    const none = canaryFigures(new Map(), D1)
    expect([none.open, none.openSince, none.netRevenue(0), none.paidRevenue(0), none.cashIn(0)]).toEqual([
      0n,
      undefined,
      0n,
      0n,
      0n,
    ])
  })

  // Rounds 1 and 2 on the first day, 3 on the second, 4 to 6 on the third.
  const rounds = new Map([
    [D1, 2],
    [D2, 1],
    [D3, 3],
  ])
  it.each([
    // as of, from, open since, net, settled, cash: halves of 575.00 and rests of 575.01
    [D1, D1, D1, '2000.02', '1000.01', '1725.01'],
    [D2, D1, D2, '3000.03', '2000.02', '2875.02'],
    [D2, D2, D2, '1000.01', '0', '1150.01'],
    [D3, D1, D3, '6000.06', '5000.05', '6325.05'],
    [D3, D2, D3, '4000.04', '3000.03', '4600.04'],
    [D3, D3 - 1, D3, '3000.03', '2000.02', '3450.03'],
    [D3 + 40, D3 + 1, D3, '0', '0', '0'],
  ])('as of %d from %d', (asOf, from, since, net, paid, cash) => {
    const books = canaryFigures(rounds, asOf)
    expect(books.openSince).toBe(since)
    expect(books.open).toBe(money('575.01'))
    expect([books.netRevenue(from), books.paidRevenue(from), books.cashIn(from)]).toEqual(
      [net, paid, cash].map((one) => money(one)),
    )
  })
})

describe('accounts of the canary', () => {
  it('after 3 rounds, by hand', () => {
    expect(canaryAccounts(3)).toEqual(
      new Map(
        [
          ['1110', '2875.02', '30.09'],
          ['1200', '3450.03', '2875.02'],
          ['2210', '0', '450'],
          ['4010', '0', '3000.03'],
          ['6600', '30.09', '0'],
        ].map(([id = '', debit = '', credit = '']) => [id, { debit: money(debit), credit: money(credit) }]),
      ),
    )
    for (const n of [0, 1, 2, 1_000_000]) {
      const sides = [...canaryAccounts(n).values()]
      expect(sides.reduce((sum, { debit, credit }) => sum + debit - credit, 0n)).toBe(0n)
    }
  })
})

describe('the script', () => {
  const bodies = (commands: readonly CanaryCommand[], type: string) =>
    commands.filter((one) => one.type === type).map(({ body }) => body)
  const all = [...CANARY_OPENING, ...[1, 2, 3, 4].flatMap((n) => canaryRound(n, n < 3 ? D1 : D2))]

  it('adds up to the closed form', () => {
    const paid = bodies(all, 'payment.receive').map(({ amount }) => money(String(amount)))
    const cash = paid.reduce((sum, amount) => sum + amount, 0n)
    const sold = BigInt(bodies(all, 'invoice.create').length)
    const books = canaryFigures(
      new Map([
        [D1, 2],
        [D2, 2],
      ]),
      D2,
    )
    expect(cash).toBe(books.cashIn(D1))
    expect(sold * money('1000.01')).toBe(books.netRevenue(D1))
    expect(sold * money('1150.01') - cash).toBe(books.open)
    expect(canaryAccounts(4).get('1110')?.debit).toBe(cash)
  })

  it('creates everything under an id that only its round has, and settles each invoice but the newest', () => {
    const ids = all.map(({ body }) => String(body['id']))
    expect(new Set(ids).size).toBe(ids.length)
    const left = new Map(bodies(all, 'invoice.create').map(({ id }) => [String(id), money('1150.01')]))
    for (const { allocations } of bodies(all, 'payment.receive'))
      for (const { invoiceId, amount } of allocations as { invoiceId: string; amount: string }[])
        left.set(invoiceId, (left.get(invoiceId) ?? 0n) - money(amount))
    expect([...left.values()]).toEqual([0n, 0n, 0n, money('575.01')])
  })
})
