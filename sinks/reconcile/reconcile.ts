/**
 * Whether the stores agree on a tenant's figures, to the poisha. Owns the moment at which they are compared. Refuses:
 * mending anything, and calling a store wrong that is only behind.
 *
 * R1: one place in the log. The results of the stream and the values of Redis say at which offset of the log they were
 *     made (revision) and for which day; ClickHouse computes the same day from the facts up to that offset. Nothing that
 *     moves these figures lies between the older and the newer of a tenant's revisions, else both would be newer.
 * R2: stores that are not at one place yet (Redis behind the stream, facts behind the revision, another day) are looked
 *     at again, `tries` times. What is not at one place then is `unsettled`: behind, not wrong.
 * R3: the ledger is compared account by account when both sides have equally many posted entries: the events as the
 *     command service stored them, the lines that it wrote beside them, and ClickHouse.
 * R4: the control account: buckets + unapplied = total, for the tenant and each party, and parties sum to the tenant.
 */
import { formatDecimal, parseDecimal } from '../../schemas/values/amount.ts'
import { BUCKETS, SIDES } from './figures.ts'
import { ledgerAt } from './ledger.ts'
import { compareOpinions, type Mismatch } from './opinions.ts'
import { type ReconcileParts, toldAt } from './told.ts'

export type { ReconcileParts } from './told.ts'

export interface Verdict {
  readonly tenantId: string
  /** Day and offset that were compared; null while unsettled. */
  readonly asOf: string | null
  readonly revision: number | null
  readonly figures: number
  readonly mismatches: readonly Mismatch[]
  /** R4, in words. */
  readonly broken: readonly string[]
  /** R2: why nothing, or not everything, could be compared. */
  readonly unsettled: readonly string[]
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function reconcileTenant(parts: ReconcileParts, tenantId: string): Promise<Verdict> {
  const { tries = 20, pauseMs = 500 } = parts
  let verdict = await figuresOf(parts, tenantId)
  // A store that was read between two steps of another looks wrong: only what stays is a finding.
  for (let i = 1; i < tries && !isFine(verdict); i++) {
    await pause(pauseMs)
    const again = await figuresOf(parts, tenantId)
    if (isWrong(verdict) && isWrong(again) && again.revision === verdict.revision) {
      verdict = again
      break
    }
    verdict = again
  }
  const ledger = await ledgerOf(parts, tenantId, tries, pauseMs)
  return {
    ...verdict,
    figures: verdict.figures + ledger.figures,
    mismatches: [...verdict.mismatches, ...ledger.mismatches],
    unsettled: [...verdict.unsettled, ...ledger.unsettled],
  }
}

const isWrong = (verdict: Verdict): boolean => verdict.mismatches.length > 0 || verdict.broken.length > 0
const isFine = (verdict: Verdict): boolean => !isWrong(verdict) && verdict.unsettled.length === 0

async function figuresOf(parts: ReconcileParts, tenantId: string): Promise<Verdict> {
  const told = await toldAt(parts, tenantId)
  if ('reason' in told)
    return {
      tenantId,
      asOf: null,
      revision: null,
      figures: 0,
      mismatches: [],
      broken: [],
      unsettled: [told.reason],
    }
  const { place, opinions } = told
  return {
    tenantId,
    asOf: place.asOf,
    revision: place.revision,
    figures: new Set(opinions.flatMap(({ figures }) => [...figures.keys()])).size,
    mismatches: compareOpinions(opinions),
    broken: opinions.flatMap(({ store, figures }) => brokenIn(figures).map((what) => `${store}: ${what}`)),
    unsettled: [],
  }
}

interface LedgerVerdict {
  readonly figures: number
  readonly mismatches: readonly Mismatch[]
  readonly unsettled: readonly string[]
}

/** R3. */
async function ledgerOf(
  parts: ReconcileParts,
  tenantId: string,
  tries: number,
  pauseMs: number,
): Promise<LedgerVerdict> {
  let reason = ''
  for (let i = 0; i < tries; i++) {
    if (i > 0) await pause(pauseMs)
    const told = await ledgerAt(parts, tenantId)
    if ('reason' in told) {
      reason = told.reason
      continue
    }
    const figures = new Set(told.opinions.flatMap((opinion) => [...opinion.figures.keys()])).size
    return { figures, mismatches: compareOpinions(told.opinions), unsettled: [] }
  }
  return { figures: 0, mismatches: [], unsettled: [reason] }
}

/** R4. */
function brokenIn(figures: ReadonlyMap<string, string>): string[] {
  const broken: string[] = []
  const of = (name: string): bigint => parseDecimal(figures.get(name) ?? '0')
  for (const side of SIDES) {
    const parties: string[] = []
    for (const name of figures.keys()) {
      if (!name.startsWith(side) || !name.endsWith(' total')) continue
      const whose = name.slice(0, -' total'.length)
      if (whose !== side) parties.push(whose)
      for (const basis of ['due', 'posting']) {
        const buckets = BUCKETS.map((bucket) => of(`${whose} ${basis} ${bucket}`))
        const sum = buckets.reduce((all, amount) => all + amount, of(`${whose} unapplied`))
        if (sum === of(name)) continue
        const said = `${formatDecimal(sum, 2)}, the total is ${figures.get(name)}`
        broken.push(`buckets by ${basis} + unapplied of ${whose} are ${said}`)
      }
    }
    const sum = parties.reduce((all, whose) => all + of(`${whose} total`), 0n)
    if (sum !== of(`${side} total`))
      broken.push(
        `parties of ${side} sum to ${formatDecimal(sum, 2)}, the total is ${figures.get(`${side} total`)}`,
      )
  }
  return broken
}
