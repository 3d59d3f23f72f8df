/**
 * Whole answers that are kept in Redis, for all API processes (cache-aside: asked there first, else made and put there).
 * Owns what makes a kept answer usable. Refuses: being needed. A Redis that is away, hangs or is full costs the time of
 * making the answer, and nothing else.
 *
 * A1  an entry is used only under the stamp that holds now, and written under the one that held before it was made: the
 *     version of the tenant's facts (facts.ts), for answers with live figures the place in the tenant's sequence too, and
 *     the code that made it. So an event makes all kept answers of its tenant unusable at once, and those of no other.
 * A2  keys have the tenant; all expire by their kind (contract.ts), whether anything changed or not.
 * A3  an answer that could not be made is not kept.
 * A4  what one process has there is bounded: Redis evicts nothing, and the live figures need their room. The answer that was
 *     used longest ago is deleted; one that is too large is not kept.
 */
import type { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
import { type Guard, UNGUARDED } from '../../platform/breaker.ts'
import { CACHE_SECONDS, type CacheKind, CHANNELS, keysOf } from '../../sinks/redis/contract.ts'
import type { Facts } from './facts.ts'
import { stampOf } from './live-figures.ts'
import { inOneStep } from './one-step.ts'

const BYTES_MAX = 32 * 1024 * 1024
const ANSWER_BYTES_MAX = 512 * 1024

export interface AnswerName {
  readonly tenant: string
  readonly kind: CacheKind
  /** All that the answer depends on, but for the tenant and its data. */
  readonly parts: readonly string[]
  /** It has live figures in it. */
  readonly live?: boolean
}

/** hit; miss: there was none; stale: there was one from before the tenant's data changed; bypass: Redis could not be asked. */
export const OUTCOMES = ['hit', 'miss', 'stale', 'bypass'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface Answered<T> {
  readonly value: T
  readonly outcome: Outcome
  readonly stored: boolean
}

export interface Answers {
  answer<T extends object>(name: AnswerName, make: () => Promise<T>): Promise<Answered<T>>
}

export interface AnswersOptions {
  readonly redis: Redis
  /** Run id of the server that `redis` is connected to; empty while unknown. */
  readonly runId: () => string
  readonly facts: Facts
  /** Of the code: what other code made is not used. */
  readonly code: string
  readonly onRead: (kind: CacheKind, outcome: Outcome) => void
  readonly guard?: Guard
  readonly bytesMax?: number
}

interface Held {
  readonly text: string | null
  readonly live: string
}

export function createAnswers(options: AnswersOptions): Answers {
  const { redis, runId, facts, code, onRead, guard = UNGUARDED, bytesMax = BYTES_MAX } = options
  /** A4. What this process put there, by key. */
  const own = new LRUCache<string, true>({
    maxSize: bytesMax,
    dispose: (_, key, reason) => {
      if (reason === 'evict') redis.unlink(key).catch(() => undefined)
    },
  })
  const together = inOneStep(redis, guard)
  /** Undefined: Redis did not answer. */
  const look = async ({ tenant, live }: AnswerName, key: string): Promise<Held | undefined> => {
    const { sync, seq } = keysOf(tenant)
    try {
      const [text, whole, last] = await together((multi) => {
        const one = multi.get(key)
        return live ? one.get(sync).hmget(seq, 'epoch', ...CHANNELS) : one
      })
      // Values that are not whole are not served: then the answer is of the facts alone.
      const isWhole = whole !== undefined && whole !== null && whole === runId()
      return { text: text as string | null, live: (isWhole && stampOf(whole, last)) || 'facts' }
    } catch {
      return undefined
    }
  }
  const put = async (key: string, text: string, seconds: number): Promise<boolean> => {
    const bytes = Buffer.byteLength(text) + key.length
    if (bytes > ANSWER_BYTES_MAX) return false
    try {
      await guard(() => redis.set(key, text, 'EX', seconds))
      own.set(key, true, { size: bytes, ttl: seconds * 1_000 })
      return true
    } catch {
      return false
    }
  }
  return {
    async answer<T extends object>(name: AnswerName, make: () => Promise<T>): Promise<Answered<T>> {
      const { tenant, kind, parts } = name
      const key = keysOf(tenant).cache(kind, parts)
      const [version, held] = await Promise.all([facts.version(tenant), look(name, key)])
      const make1 = () => facts.within(tenant, version, make)
      if (held === undefined) {
        onRead(kind, 'bypass')
        return { value: await make1(), outcome: 'bypass', stored: false }
      }
      const stamp = `${code} ${version} ${held.live}\n`
      if (held.text?.startsWith(stamp)) {
        onRead(kind, 'hit')
        own.get(key)
        return { value: JSON.parse(held.text.slice(stamp.length)) as T, outcome: 'hit', stored: true }
      }
      const outcome = held.text === null ? 'miss' : 'stale'
      onRead(kind, outcome)
      const value = await make1()
      return { value, outcome, stored: await put(key, stamp + JSON.stringify(value), CACHE_SECONDS[kind]) }
    },
  }
}

/** Makes every answer: where nothing is kept. */
export const NOTHING_KEPT: Answers = {
  answer: async (_, make) => ({ value: await make(), outcome: 'bypass', stored: false }),
}

/** The answer, with its Cache-Status said. */
export async function kept<T extends object>(
  answers: Answers,
  input: { readonly principal: { readonly tenant: string }; readonly cacheStatus: (text: string) => void },
  name: Omit<AnswerName, 'tenant'>,
  make: () => Promise<T>,
): Promise<T> {
  const answered = await answers.answer({ ...name, tenant: input.principal.tenant }, make)
  input.cacheStatus(cacheStatusOf(answered))
  return answered.value
}

/** As a field of Cache-Status (RFC 9211). */
export const cacheStatusOf = ({ outcome, stored }: Pick<Answered<unknown>, 'outcome' | 'stored'>): string =>
  outcome === 'hit' ? 'nikash; hit' : `nikash; fwd=${outcome}${stored ? '; stored' : ''}`
