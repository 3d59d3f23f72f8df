/**
 * Owns what a request that failed is told: a refusal as a problem (RFC 9457), never a stack or a text of the driver. An
 * outage of the store is 503 with Retry-After, not a 500.
 */
import type { ServerResponse } from 'node:http'
import { PROBLEM_TYPE } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { isOutage } from '../event-store/database.ts'
import { problemOf, Refusal } from '../kernel/errors.ts'

export interface Limits {
  readonly command: string
  readonly batch: string
}

export function answerProblem(response: ServerResponse, path: string, refusal: Refusal): void {
  const { retryAfterSeconds } = refusal.options
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds))
  if (refusal.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="nikash"')
  const text = JSON.stringify(problemOf(refusal, path))
  response.statusCode = refusal.status
  response.setHeader('Content-Type', PROBLEM_TYPE)
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

/** What an error means to whoever sent the request; one that nobody foresaw goes to the log. */
export function refusalOf(
  error: unknown,
  path: string,
  { log, limits }: { readonly log: Log; readonly limits: Limits },
): Refusal {
  if (error instanceof Refusal) return error
  const type = (error as { type?: unknown } | null)?.type
  if (type === 'entity.too.large')
    return new Refusal('body_too_large', `the body is over ${limits.command} (${limits.batch} for a batch)`)
  if (type === 'entity.parse.failed') return malformed()
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new Refusal('media_type_unsupported', 'send the body as UTF-8, plain or gzip')
  }
  if (typeof type === 'string' && /^(?:request\.|stream\.)/.test(type)) return notWhole()
  if (error instanceof URIError) return new Refusal('not_found', 'the path is not well encoded')
  if (isOutage(error)) {
    log.warn({ err: error, path }, 'the store does not answer')
    return new Refusal(
      'unavailable',
      'the store does not answer; the command may or may not be stored: repeat it with the same Idempotency-Key',
      { retryAfterSeconds: 1 },
    )
  }
  log.error({ err: error, path }, 'a request failed')
  return new Refusal(
    'internal',
    'something broke on our side; repeating the request with the same Idempotency-Key is safe',
  )
}

export const malformed = (): Refusal => new Refusal('malformed_json', 'the body is not valid JSON')
export const notWhole = (): Refusal => new Refusal('malformed_json', 'the body did not arrive whole')
