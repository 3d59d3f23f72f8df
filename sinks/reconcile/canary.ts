/**
 * Whether all stores say of the canary tenant what its script adds up to (schemas/rules/canary.ts). Owns the comparison with
 * the closed form at one place in the log. Refuses: mending, and taking any store's word for what is right.
 *
 * N1: how many rounds there were is counted in the event store, from the days of the canary's own invoices; it must be the
 *     same before and after the others were read. N2: stores that are read while a round goes through say something else:
 *     only what stays for ten seconds, and three looks at least, is a finding. N3: where stream, Redis and ClickHouse agree with each other, they
 *     are `behind`, or lost something together before the log: that is said apart, as late, since nobody differs.
 */
import type pg from 'pg'
import { WINDOWS } from '../../schemas/rules/windows.ts'
import {
  CANARY_CUSTOMER,
  CANARY_INVOICE,
  CANARY_TENANT,
  canaryAccounts,
  canaryFigures,
  type CanaryRounds,
} from '../../schemas/rules/canary.ts'
import { bucketIndex } from '../../schemas/rules/aging.ts'
import { formatDecimal, SCALE } from '../../schemas/values/amount.ts'
import { BALANCE, BUCKETS, EDGES, putAging } from './figures.ts'
import { ledgerAt } from './ledger.ts'
import { compareOpinions, type Opinion, plainDecimal, type StoreName } from './opinions.ts'
import { type Place, type ReconcileParts, toldAt } from './told.ts'

export interface CanaryFinding {
  readonly store: StoreName
  readonly figure: string
  readonly said: string
  /** What the script adds up to. */
  readonly computed: string
}

export interface CanaryVerdict {
  readonly rounds: number
  /** When the newest round was stored; null before the first. */
  readonly newestAt: string | null
  readonly asOf: string | null
  readonly revision: number | null
  readonly figures: number
  readonly wrong: readonly CanaryFinding[]
  /** Why nothing, or not everything, could be compared. */
  readonly late: readonly string[]
}

export interface CanaryParts extends ReconcileParts {
  readonly database: pg.Pool
}

interface Counted {
  readonly rounds: CanaryRounds
  readonly total: number
  readonly newestAt: string | null
}

const ROUNDS = `
select (event_data->>'invoiceDate')::integer as day, count(*)::integer as rounds, max(position) as position,
  max(recorded_at) as newest
from finance.event_store
where tenant_id = $1 and position > $2 and event_type = 'InvoiceCreated' and aggregate_id ~ '^${CANARY_INVOICE}[0-9]+$'
group by 1`

/** N1. Rounds are stored one after the other, so those behind the last position are all that is new. */
export class CanaryCount {
  readonly #database: pg.Pool
  readonly #rounds = new Map<number, number>()
  #position = '0'
  #total = 0
  #newestAt: string | null = null

  constructor(database: pg.Pool) {
    this.#database = database
  }

  async now(): Promise<Counted> {
    const client = await this.#database.connect()
    try {
      await client.query('begin read only')
      await client.query(`select set_config('app.current_tenant', $1, true)`, [CANARY_TENANT.id])
      const { rows } = await client.query<{ day: number; rounds: number; position: string; newest: Date }>(
        ROUNDS,
        [CANARY_TENANT.id, this.#position],
      )
      for (const { day, rounds, position, newest } of rows) {
        this.#rounds.set(day, (this.#rounds.get(day) ?? 0) + rounds)
        this.#total += rounds
        if (BigInt(position) > BigInt(this.#position)) {
          this.#position = position
          this.#newestAt = newest.toISOString()
        }
      }
    } finally {
      await client.query('rollback').catch(() => undefined)
      client.release()
    }
    return { rounds: new Map(this.#rounds), total: this.#total, newestAt: this.#newestAt }
  }
}

const text = (amount: bigint): string => formatDecimal(amount, SCALE)

/** What the place must say. */
export function computedAt(place: Pick<Place, 'kpi'>, rounds: CanaryRounds): ReadonlyMap<string, string> {
  const { asOf, windows } = place.kpi
  const figures = new Map<string, string>()
  const books = canaryFigures(rounds, asOf)
  const open = text(books.open)
  const buckets = BUCKETS.map(() => '0')
  if (books.openSince !== undefined) buckets[bucketIndex(asOf, books.openSince, EDGES)] = open
  const openItems = books.openSince === undefined ? 0 : 1
  const aging = { due: buckets, posting: buckets, unapplied: '0', disputed: '0', total: open, openItems }
  putAging(figures, 'receivables', '', aging)
  putAging(figures, 'receivables', CANARY_CUSTOMER, aging)
  const fromOf = new Map(windows.map(({ window, fromDate }) => [window, fromDate]))
  for (const window of WINDOWS) {
    const from = fromOf.get(window)
    if (from === undefined) continue
    figures.set(`netRevenue ${window}`, text(books.netRevenue(from)))
    figures.set(`totalRevenue ${window}`, text(books.paidRevenue(from)))
    figures.set(`cashReceived ${window}`, text(books.cashIn(from)))
    figures.set(`totalExpenses ${window}`, '0')
    figures.set(`${BALANCE} ${window}`, open)
  }
  return figures
}

export function computedAccounts(total: number): ReadonlyMap<string, string> {
  const figures = new Map<string, string>()
  for (const [id, { debit, credit }] of canaryAccounts(total)) {
    figures.set(`account ${id} debit`, text(debit))
    figures.set(`account ${id} credit`, text(credit))
  }
  return figures
}

/** Every figure of every store that is not what was computed; one that is not there is 0. */
export function findingsOf(
  opinions: readonly Opinion[],
  computed: ReadonlyMap<string, string>,
): CanaryFinding[] {
  return opinions.flatMap(({ store, figures }) =>
    [...new Set([...computed.keys(), ...figures.keys()])].flatMap((figure) => {
      const said = plainDecimal(figures.get(figure) ?? '0')
      const right = plainDecimal(computed.get(figure) ?? '0')
      return said === right ? [] : [{ store, figure, said, computed: right }]
    }),
  )
}

const LOOKS_MIN = 3
const STAYS_MS = 10_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Looks until all is as computed, or N2 is met. */
export async function checkCanary(parts: CanaryParts, count: CanaryCount): Promise<CanaryVerdict> {
  const { pauseMs = 500 } = parts
  const began = performance.now()
  for (let looks = 1; ; looks++) {
    const verdict = await lookAtCanary(parts, count)
    if (verdict.wrong.length === 0 && verdict.late.length === 0) return verdict
    if (looks >= LOOKS_MIN && performance.now() - began >= STAYS_MS) return verdict
    await pause(pauseMs)
  }
}

async function lookAtCanary(parts: CanaryParts, count: CanaryCount): Promise<CanaryVerdict> {
  const before = await count.now()
  const told = await toldAt(parts, CANARY_TENANT.id)
  const ledger = await ledgerAt(parts, CANARY_TENANT.id)
  const { rounds, total, newestAt } = await count.now()
  const late: string[] = []
  if (total !== before.total) late.push('a round was stored meanwhile')
  const wrong: CanaryFinding[] = []
  let figures = 0
  const compare = (opinions: readonly Opinion[], computed: ReadonlyMap<string, string>): void => {
    figures += computed.size * opinions.length
    const found = findingsOf(opinions, computed)
    const [first] = found
    if (first !== undefined && compareOpinions(opinions).length === 0)
      late.push(`all say ${first.said} of ${first.figure}, ${total} rounds make ${first.computed}`)
    else wrong.push(...found)
  }
  if ('reason' in told) late.push(told.reason)
  else if (late.length === 0) compare(told.opinions, computedAt(told.place, rounds))
  if ('reason' in ledger) late.push(ledger.reason)
  else if (late.length === 0) compare(ledger.opinions, computedAccounts(total))
  const place = 'reason' in told ? null : told.place
  return {
    rounds: total,
    newestAt,
    asOf: place?.asOf ?? null,
    revision: place?.revision ?? null,
    figures,
    wrong,
    late,
  }
}
