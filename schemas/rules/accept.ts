/**
 * The accept rules: which events of a log count. PURE: what is known comes in, a verdict and the new knowledge go out.
 * Used by the processors (knowledge = checkpointed state) and by the facts sink (knowledge = what its table holds).
 * A1: an event with an aggregate version is identified by (tenant, aggregate type, aggregate id, version); one without
 *     by (tenant, event id). An identity that was applied before is a duplicate: counted, not applied.
 * A2: versions 1..last without gaps mean that each was applied; versions skipped on the way are kept as missing. So a
 *     lower version is either a duplicate (applied) or a regression (missing), without a set of ids.
 * A3: a missing version that arrives late is applied when its type is order-free, else it is `version_regression`.
 * A4: a version above last + 1 is applied, and the gap counted. The last version is kept for every aggregate.
 * A5: an id without version is remembered until log time has left it behind by the horizon. An unseen id recorded at
 *     the source before the time up to which ids were forgotten is `late`: nobody can tell whether it was applied.
 * A6: only what was applied is remembered: a refused event changes nothing here.
 */

/** Types whose handling does not depend on the order inside their aggregate (A3). */
export const ORDER_FREE: ReadonlySet<string> = new Set([
  'ExpenseRecorded',
  'ExpenseApproved',
  'JournalEntryPosted',
  'FxRateSet',
  'TaxRateSet',
  'Tick',
])

/** How long ids of version-less events are remembered, in log time. */
export const ID_HORIZON_MS = 7 * 86_400_000
/** How far a source's clock may be ahead of the log without a duplicate slipping through A5. */
export const ID_SKEW_MS = 3_600_000
/** Ranges of missing versions kept per aggregate; below the oldest ones that were dropped nothing can be decided. */
export const MISSING_RANGES_MAX = 16

export type Verdict =
  | 'applied'
  | 'applied_gap'
  | 'applied_order_free'
  | 'duplicate'
  | 'version_regression'
  | 'bad_version'
  | 'late'

/** [from, to], both included. */
export type VersionRange = readonly [number, number]

/** Aggregates with holes; `floor`: below this version holes were dropped, so a version there is undecidable. */
export interface VersionsWithGaps {
  readonly last: number
  readonly missing: readonly VersionRange[]
  readonly floor: number
}

/** What is known of an aggregate's versions. A plain number n means: 1..n were applied. */
export type AggregateVersions = number | VersionsWithGaps

export const isApplied = (verdict: Verdict): boolean =>
  verdict === 'applied' || verdict === 'applied_gap' || verdict === 'applied_order_free'

export const lastVersion = (known: AggregateVersions | undefined): number =>
  known === undefined ? 0 : typeof known === 'number' ? known : known.last

/** A1-A4: a version against what is known of its aggregate (undefined = nothing yet). */
export function judgeVersion(
  known: AggregateVersions | undefined,
  version: number,
  orderFree: boolean,
): Verdict {
  if (!Number.isSafeInteger(version) || version < 1) return 'bad_version'
  const last = lastVersion(known)
  if (version === last + 1) return 'applied'
  if (version > last) return 'applied_gap'
  if (typeof known === 'number' || known === undefined) return 'duplicate'
  if (version < known.floor) return 'version_regression'
  for (const [from, to] of known.missing) {
    if (version < from) break
    if (version <= to) return orderFree ? 'applied_order_free' : 'version_regression'
  }
  return 'duplicate'
}

/** What is known after `version` was applied (the verdict said so). */
export function withVersion(known: AggregateVersions | undefined, version: number): AggregateVersions {
  const last = lastVersion(known)
  if (version === last + 1) {
    return known === undefined || typeof known === 'number' ? version : { ...known, last: version }
  }
  const missing = known === undefined || typeof known === 'number' ? [] : known.missing
  const floor = known === undefined || typeof known === 'number' ? 1 : known.floor
  if (version > last) return bounded(version, [...missing, [last + 1, version - 1]], floor)
  return bounded(last, without(missing, version), floor)
}

function without(missing: readonly VersionRange[], version: number): VersionRange[] {
  const rest: VersionRange[] = []
  for (const [from, to] of missing) {
    if (version < from || version > to) {
      rest.push([from, to])
      continue
    }
    if (from < version) rest.push([from, version - 1])
    if (version < to) rest.push([version + 1, to])
  }
  return rest
}

function bounded(last: number, missing: readonly VersionRange[], floor: number): AggregateVersions {
  if (missing.length === 0 && floor === 1) return last
  const over = missing.length - MISSING_RANGES_MAX
  if (over <= 0) return { last, missing, floor }
  const dropped = missing[over - 1] as VersionRange
  return { last, missing: missing.slice(over), floor: dropped[1] + 1 }
}

/**
 * A1, A5: an id without version. `forgottenBefore` = log time up to which ids were forgotten (-Infinity: none was).
 */
export function judgeId(seen: boolean, recordedAt: number, forgottenBefore: number): Verdict {
  if (seen) return 'duplicate'
  return recordedAt < forgottenBefore + ID_SKEW_MS ? 'late' : 'applied'
}

/** The key of an aggregate. `|` is in no tenant id and in no aggregate type, so two aggregates never share a key. */
export const aggregateKey = (event: {
  readonly tenantId: string
  readonly aggregateType: string
  readonly aggregateId: string
}): string => `${event.tenantId}|${event.aggregateType}|${event.aggregateId}`

/** The key of an event without version. */
export const idKey = (event: { readonly tenantId: string; readonly eventId: string }): string =>
  `${event.tenantId}|${event.eventId}`

/** Code of a dead letter about an event that is right, and that the state of an older version can't count: a rebuild does. */
export const AMOUNT_NOT_KEPT = 'amount_not_kept'
