/** Random finance events by seed: what command services let through, and what a careless upstream service might send. */
import type { FinanceEvent } from '../../../../schemas/generated/records.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'
import {
  allocated,
  approved,
  cancelled,
  created,
  credited,
  disputes,
  failed,
  moved,
  noteAllocated,
  noteCancelled,
  received,
  registered,
  reversed,
  spent,
  unspent,
  writtenOff,
} from './events.ts'

/** Mulberry32: a small seeded generator, so that a failure can be played again. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

export const FIRST = parseDay('2025-12-20')
export const SPAN = 120

/** Events that a command service would let through, in an order that need not be that of their dates. */
export function history(seed: number): FinanceEvent[] {
  const next = random(seed)
  const day = () => formatDay(FIRST + next(SPAN))
  const later: FinanceEvent[] = []
  const events: FinanceEvent[] = [registered()]
  const left = new Map<string, { cents: number; currency: string; rate: bigint }>()
  /** Next version of invoices that can be written off. */
  const living = new Map<string, number>()
  for (let n = 0; n < 40; n++) {
    const id = `i${n}`
    const cents = 1 + next(100_000)
    const currency = next(3) === 0 ? 'USD' : 'BDT'
    const rate = currency === 'USD' ? BigInt(11_000_000_000 + next(999_999_999)) : 100_000_000n
    const date = day()
    const total = (cents / 100).toFixed(2)
    const fields = {
      date,
      due: formatDay(parseDay(date) + next(60)),
      total,
      currency,
      rate,
      customer: `c${next(5)}`,
      ...(next(3) === 0 ? { parts: split(cents, next, () => formatDay(parseDay(date) + next(90))) } : {}),
    }
    const kind = next(10)
    left.set(id, { cents, currency, rate })
    if (kind < 2) {
      events.push(created(id, { ...fields, status: 'DRAFT', disputed: next(2) === 0 }))
      if (kind === 0) events.push(approved(id, { ...fields, on: day() }))
    } else events.push(created(id, { ...fields, disputed: next(5) === 0 }))
    let version = 3
    if (kind > 5) later.push(moved(id, day(), day(), version++))
    if (kind > 7) later.push(moved(id, day(), day(), version++))
    for (let more = next(4) === 0 ? 1 + next(2) : 0; more > 0; more--)
      later.push(disputes(id, next(2) === 0, day(), version++))
    if (kind === 9) later.push(cancelled(id, day(), version))
    else if (kind !== 1) living.set(id, version)
  }
  for (let n = 0; n < 40; n++) {
    const id = `p${n}`
    const target = `i${next(44)}`
    const open = left.get(target) ?? { cents: 5_000, currency: 'BDT', rate: 100_000_000n }
    const part = next(2) === 0 ? open.cents : next(open.cents + 1)
    const extra = next(3) === 0 ? next(500) : 0
    if (part + extra === 0) continue
    const text = (cents: number) => (cents / 100).toFixed(2)
    // The rate of a payment is that of its own day.
    const rate = open.currency === 'USD' ? BigInt(11_000_000_000 + next(999_999_999)) : open.rate
    const date = day()
    const now = next(3) === 0 || part === 0 ? {} : { to: { [target]: text(part) } }
    const withheld = next(3) === 0 ? next(part + extra) : 0
    const fields = {
      date,
      amount: text(part + extra - withheld),
      vds: text(Math.ceil(withheld / 3)),
      tds: text(withheld - Math.ceil(withheld / 3)),
      currency: open.currency,
      rate,
      customer: `c${next(5)}`,
      ...now,
    }
    const payment = received(id, fields)
    events.splice(next(events.length), 0, payment)
    const fate = next(8)
    if (left.has(target)) left.set(target, { ...open, cents: open.cents - part })
    if (!('to' in now) && part > 0) {
      const on = formatDay(parseDay(date) + next(20))
      later.push(allocated(id, on, { [target]: text(part) }))
    }
    if (fate === 0) later.push(reversed(id, day(), 9))
    if (fate === 1) later.push(failed(id, day(), 9))
  }
  for (let n = 0; n < 8; n++) {
    events.push(spent(`e${n}`, day(), String(1 + next(900))))
    if (n < 3) later.push(unspent(`e${n}`, day()))
  }
  const text = (cents: number) => (cents / 100).toFixed(2)
  creditNotes(next, left, events, later)
  for (const [id, version] of living) {
    const { cents } = left.get(id) ?? { cents: 0 }
    if (cents === 0 || next(5) > 0) continue
    later.push(writtenOff(id, day(), text(next(2) === 0 ? cents : 1 + next(cents)), version))
  }
  return [...events, ...later]
}

/** Two or three instalments that sum to the total. */
function split(cents: number, next: (below: number) => number, due: () => string): Record<string, string> {
  const parts: Record<string, number> = {}
  let rest = cents
  for (let n = 0; n < 2 && rest > 1; n++) {
    const part = 1 + next(rest - 1)
    const on = due()
    parts[on] = (parts[on] ?? 0) + part
    rest -= part
  }
  const on = due()
  parts[on] = (parts[on] ?? 0) + rest
  return Object.fromEntries(Object.entries(parts).map(([day, part]) => [day, (part / 100).toFixed(2)]))
}

/** Credit notes of what payments left open, some with the ids of payments. */
function creditNotes(
  next: (below: number) => number,
  left: Map<string, { cents: number; currency: string; rate: bigint }>,
  events: FinanceEvent[],
  later: FinanceEvent[],
): void {
  const text = (cents: number) => (cents / 100).toFixed(2)
  const day = () => formatDay(FIRST + next(SPAN))
  for (let n = 0; n < 15; n++) {
    const id = `p${n}`
    const target = `i${next(40)}`
    const open = left.get(target)
    if (open === undefined || open.cents === 0) continue
    const part = next(2) === 0 ? open.cents : 1 + next(open.cents)
    const extra = next(3) === 0 ? next(500) : 0
    const date = day()
    const at = { date, currency: open.currency, rate: open.currency === 'USD' ? 11_512_345_678n : open.rate }
    const now = next(2) === 0
    const to = { [target]: text(part) }
    const fields = { ...at, total: text(part + extra), vat: text(next(part)), customer: `c${next(5)}` }
    events.splice(next(events.length), 0, credited(id, now ? { ...fields, to } : fields))
    left.set(target, { ...open, cents: open.cents - part })
    if (!now) later.push(noteAllocated(id, formatDay(parseDay(date) + next(20)), to))
    if (next(4) === 0) later.push(noteCancelled(id, day(), 9))
  }
}

/**
 * What a careless source sends: second approvals, changes, write-offs and payments of things that are gone or never
 * were, allocations before the payment, in any order between documents. Allocations stay within what documents have: where they do not, the fold
 * caps them one by one, and the SQL by document.
 */
export function carelessHistory(seed: number): FinanceEvent[] {
  const next = random(seed)
  const day = () => formatDay(FIRST + next(SPAN))
  const text = (cents: number) => (cents / 100).toFixed(2)
  const body: FinanceEvent[] = []
  const open = new Map<string, number>()
  for (let n = 0; n < 14; n++) {
    const id = `i${n}`
    const cents = 100 + next(9_900)
    open.set(id, cents)
    const fields = { date: day(), due: day(), total: text(cents), customer: `c${next(3)}` }
    let version = 1
    const own: FinanceEvent[] = [
      created(id, { ...fields, status: next(3) === 0 ? 'DRAFT' : 'APPROVED', version: version++ }),
    ]
    for (let more = next(4); more > 0; more--) {
      const kind = next(6)
      const some = 1 + next(open.get(id) ?? 1)
      if (kind === 0) own.push(approved(id, { ...fields, date: day(), on: day(), version: version++ }))
      else if (kind === 1) own.push(cancelled(id, day(), version++))
      else if (kind === 2) own.push(disputes(id, next(2) === 0, day(), version++))
      else if (kind === 3 && some <= (open.get(id) ?? 0)) {
        open.set(id, (open.get(id) ?? 0) - some)
        own.push(writtenOff(id, day(), text(some), version++))
      } else own.push(moved(id, day(), day(), version++))
    }
    insertInOrder(body, own, next)
  }
  for (let n = 0; n < 20; n++) {
    const id = `p${n}`
    let left = 100 + next(9_900)
    const some = (): Record<string, string> => {
      const target = `i${next(15)}`
      const most = Math.min(left, open.get(target) ?? left)
      if (most === 0) return {}
      const cents = 1 + next(most)
      left -= cents
      open.set(target, (open.get(target) ?? most) - cents)
      return { [target]: text(cents) }
    }
    const amount = text(left)
    let version = 1
    const isNote = n % 4 === 0
    const head = { date: day(), customer: `c${next(3)}`, to: some(), version: version++ }
    const own: FinanceEvent[] = [
      isNote ? credited(id, { ...head, total: amount }) : received(id, { ...head, amount }),
    ]
    for (let more = next(4); more > 0; more--) {
      const kind = next(6)
      if (isNote) {
        own.push(
          kind === 0 ? noteCancelled(id, day(), version++) : noteAllocated(id, day(), some(), version++),
        )
      } else if (kind === 0) own.push(reversed(id, day(), version++))
      else if (kind === 1) own.push(failed(id, day(), version++))
      else own.push(allocated(id, day(), some(), version++))
    }
    insertInOrder(body, own, next)
  }
  return [registered(), ...body]
}

/** Puts events into a list at random places, in their own order. */
function insertInOrder(
  into: FinanceEvent[],
  events: readonly FinanceEvent[],
  next: (below: number) => number,
): void {
  let least = 0
  for (const event of events) {
    const at = least + next(into.length - least + 1)
    into.splice(at, 0, event)
    least = at + 1
  }
}
