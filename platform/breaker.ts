/**
 * Circuit breakers in front of what is remote: a dependency that is down or hangs costs its callers nothing but a
 * refusal at once, and gets the quiet to come back.
 * B1: after `failures` failures in a row it opens: calls are refused with `breaker_open`. B2: `halfOpenMs` later one call
 *     goes through as a probe, others wait for its outcome: success closes, failure opens again. B3: with `timeoutMs` a
 *     call that takes longer is a failure. B4: an answer that says no is an answer: only `isFailure` counts.
 *
 *   const breakers = createBreakers(metrics)
 *   const guard = breakers.guard('clickhouse', { isFailure: isOutage })
 *   await guard(() => client.query(...))
 */
import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  ConsecutiveBreaker,
  handleAll,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import { NikashError } from './errors.ts'
import type { Metrics } from './metrics.ts'

/** Runs a call through a breaker. */
export type Guard = <T>(call: () => Promise<T>) => Promise<T>
export const UNGUARDED: Guard = (call) => call()

export class BreakerOpen extends NikashError {
  override readonly name = 'BreakerOpen'
  constructor(dependency: string) {
    super('breaker_open', `${dependency} failed repeatedly and is left alone for a moment: try again`, {
      recover: 'retry',
    })
  }
}

export interface BreakerOptions {
  readonly failures?: number
  readonly halfOpenMs?: number
  /** None where the client has a limit of its own. */
  readonly timeoutMs?: number
  readonly isFailure?: (error: unknown) => boolean
}

export interface Breakers {
  guard(dependency: string, options?: BreakerOptions): Guard
}

const FAILURES = 5
const HALF_OPEN_MS = 2_000

/** What a call came to: an answer that is an error is still an answer (B4). */
type Answer<T> = { readonly value: T } | { readonly error: unknown }

export function createBreakers(metrics?: Metrics): Breakers {
  const opened = metrics?.counter('breaker_opened_total', 'Times a dependency was given up for a while.', [
    'dependency',
  ])
  const refused = metrics?.counter('breaker_refused_total', 'Calls refused while a breaker was open.', [
    'dependency',
  ])
  const states = new Map<string, () => CircuitState>()
  metrics?.gauge(
    'breaker_open_count',
    '1 while a breaker is open or probes, 0 while it lets calls through.',
    ['dependency'],
    (gauge) => {
      for (const [dependency, state] of states) {
        gauge.set({ dependency }, state() === CircuitState.Closed ? 0 : 1)
      }
    },
  )
  return {
    guard(dependency, { failures = FAILURES, halfOpenMs = HALF_OPEN_MS, timeoutMs, isFailure } = {}) {
      const breaker = circuitBreaker(handleAll, {
        halfOpenAfter: halfOpenMs,
        breaker: new ConsecutiveBreaker(failures),
      })
      const policy =
        timeoutMs === undefined ? breaker : wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive))
      states.set(dependency, () => breaker.state)
      breaker.onBreak(() => opened?.inc({ dependency }))
      return async <T>(call: () => Promise<T>): Promise<T> => {
        let answer: Answer<T>
        try {
          answer = await policy.execute(async (): Promise<Answer<T>> => {
            try {
              return { value: await call() }
            } catch (error) {
              if (isFailure && !isFailure(error)) return { error }
              throw error
            }
          })
        } catch (error) {
          if (!(error instanceof BrokenCircuitError)) throw error
          refused?.inc({ dependency })
          throw new BreakerOpen(dependency)
        }
        if ('error' in answer) throw answer.error
        return answer.value
      }
    },
  }
}
