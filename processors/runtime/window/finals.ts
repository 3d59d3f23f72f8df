/**
 * Finals of one key whose windows follow each other (days, months, ...): which are out, and which of them no longer hold.
 * PURE. A window is its number; the n-th final stands for all that came up to the end of window n (a balance, a close of
 * the day), so a change that takes effect in window n makes every final from n on stale.
 *
 * F1: a final goes out once: `finalOut` refuses a window whose final is out. F2: windows before `from`, the first one
 * that ended while the key was known, have no final: what comes for them is never late. F3: a correction is due at the
 * next multiple of a period of log time, not with the event that asks for it: however many events come, each stale
 * window is corrected once per period. F4: only the newest `horizon` windows are corrected; older finals stay as they
 * were. The event is late all the same, and says so.
 */

export interface Finals {
  /** First and last window with a final. */
  readonly from: number
  readonly through: number
  /** First window whose final no longer holds; null = all hold. */
  readonly staleFrom: number | null
  /** Instant at which corrections are due; 0 = none is. */
  readonly correctAt: number
}

/** The key with the final of `window` out. */
export function finalOut(finals: Finals | undefined, window: number): Finals {
  if (finals === undefined) return { from: window, through: window, staleFrom: null, correctAt: 0 }
  if (window <= finals.through) throw new RangeError(`the final of window ${window} is out`)
  return { ...finals, through: window }
}

export const isOut = (finals: Finals | undefined, window: number): boolean =>
  finals !== undefined && window >= finals.from && window <= finals.through

/** The first multiple of `everyMs` after an instant. */
export const nextMultiple = (instant: number, everyMs: number): number =>
  (Math.floor(instant / everyMs) + 1) * everyMs

export interface CorrectionRule {
  /** F3. */
  readonly everyMs: number
  /** F4: how many windows back from the current one. */
  readonly horizon: number
}

/** First window that is still corrected while `current` is running. */
export const oldestCorrected = (finals: Finals, current: number, rule: CorrectionRule): number =>
  Math.max(finals.from, current - rule.horizon)

/** The key after a change that takes effect in `window`; the same object when no final is touched. */
export function changedIn(
  finals: Finals,
  window: number,
  now: { readonly current: number; readonly logTime: number },
  rule: CorrectionRule,
): Finals {
  const first = Math.max(window, oldestCorrected(finals, now.current, rule))
  if (first > finals.through) return finals
  const staleFrom = finals.staleFrom === null ? first : Math.min(finals.staleFrom, first)
  const correctAt = finals.correctAt === 0 ? nextMultiple(now.logTime, rule.everyMs) : finals.correctAt
  return staleFrom === finals.staleFrom && correctAt === finals.correctAt
    ? finals
    : { ...finals, staleFrom, correctAt }
}

/** Windows to correct now, first and last, and the key once that is done. */
export interface Corrections {
  readonly range: readonly [number, number] | null
  readonly finals: Finals
}

/**
 * Takes what is stale and not in the future: a key whose clock went back (a zone further west) can have a final of a
 * window that is running again; that one is corrected up to now, one still ahead once it is reached.
 */
export function takeStale(finals: Finals, current: number, rule: CorrectionRule): Corrections {
  const done = { ...finals, correctAt: 0 }
  if (finals.staleFrom === null) return { range: null, finals: done }
  const first = Math.max(finals.staleFrom, oldestCorrected(finals, current, rule))
  const last = Math.min(finals.through, current)
  const staleFrom = finals.through > last ? Math.max(first, last + 1) : null
  return { range: first <= last ? [first, last] : null, finals: { ...done, staleFrom } }
}
