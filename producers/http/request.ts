/**
 * Owns how one HTTP request becomes a command: body against the schema, Idempotency-Key, If-Match, trace and correlation.
 * H1: validation comes before everything that could leave a trace, so a refused body stores nothing.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { z } from 'zod'
import type { EventMetadata } from '../event-store/write.ts'
import { type FieldError, Refusal } from '../kernel/errors.ts'
import { digestOf, type IdempotencyKey } from '../kernel/command.ts'
import type { Caller } from './auth.ts'

const KEY = /^[\x21-\x7e]{1,255}$/
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const CORRELATION = /^[\w.:@/+-]{1,128}$/
const ERRORS_MAX = 20

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The command in a body; refuses with a pointer to each wrong field. */
export function parseBody<C>(schema: z.ZodType<C>, body: unknown): C {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const errors: FieldError[] = parsed.error.issues
    .slice(0, ERRORS_MAX)
    .map((issue) => ({ pointer: pointerOf(issue.path), detail: issue.message }))
  const first = errors[0]
  throw new Refusal('validation_failed', `${first?.pointer || 'the body'}: ${first?.detail ?? 'is wrong'}`, {
    errors,
  })
}

/** The key of a request, bound to path and body. */
export function idempotencyKeyOf(
  header: string | undefined,
  bound: { readonly path: string; readonly body: unknown; readonly required: boolean },
): IdempotencyKey | undefined {
  if (header === undefined || header === '') {
    if (!bound.required) return undefined
    throw new Refusal(
      'idempotency_key_missing',
      'this moves money: send an Idempotency-Key (a new UUID), and the same one when you repeat the request',
    )
  }
  // The draft's form is a quoted string; most clients send it bare.
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  if (!KEY.test(key)) {
    throw new Refusal(
      'idempotency_key_invalid',
      'Idempotency-Key must be 1 to 255 printable characters without spaces',
    )
  }
  return { key, fingerprint: digestOf({ path: bound.path, body: bound.body ?? {} }) }
}

/** Version in If-Match: `"3"`; `*` asks for nothing that commands don't check anyway. */
export function expectedVersionOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header.trim())?.[1]
  if (version === undefined) {
    throw new Refusal('if_match_invalid', 'If-Match must be one version as in ETag, such as "3"')
  }
  return Number(version)
}

/** A header that has one value; Node joins those that were sent more than once. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.join(', ')
}

export function metadataOf(headers: IncomingHttpHeaders, caller: Caller, actor?: string): EventMetadata {
  const correlation = headerOf(headers, 'x-correlation-id') ?? headerOf(headers, 'x-request-id')
  const traceparent = headerOf(headers, 'traceparent')
  return {
    actor: actor ?? `user:${caller.subject}`,
    correlationId: correlation !== undefined && CORRELATION.test(correlation) ? correlation : null,
    causationId: null,
    traceparent: traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : null,
  }
}
