/**
 * Problems of this API (RFC 9457): the one table from code to status, and the error that carries a code. A code is
 * stable; its text may change. `/docs/problems` is made from this table, and `type` of every problem points there.
 */
import { NikashError, type Problem, toProblem } from '../../platform/errors.ts'

export const PROBLEMS = {
  query_invalid: { status: 400, doc: 'A query parameter is unknown or has a value that can not be used.' },
  path_invalid: { status: 400, doc: 'A part of the path has a form that no resource has.' },
  body_invalid: { status: 400, doc: 'The body is not JSON of the documented shape.' },
  cursor_invalid: {
    status: 400,
    doc: 'The cursor is not one of this list with these filters: start without one.',
  },
  range_invalid: {
    status: 400,
    doc: 'The range of days ends before it begins, or is longer than this read allows.',
  },
  token_missing: { status: 401, doc: 'The request has no access token: send `Authorization: Bearer TOKEN`.' },
  token_invalid: { status: 401, doc: 'The access token is not valid here.' },
  token_expired: { status: 401, doc: 'The access token has expired: get a new one.' },
  role_not_allowed: { status: 403, doc: 'The role of the token does not read here.' },
  host_not_allowed: { status: 403, doc: 'The demo session is given on this machine alone.' },
  route_unknown: { status: 404, doc: 'There is nothing at this path: see /openapi.json.' },
  resource_unknown: { status: 404, doc: 'The tenant has no such resource.' },
  kpi_unknown: { status: 404, doc: 'There is no KPI of this name: /v1/kpis lists them.' },
  method_not_allowed: { status: 405, doc: 'The path is right, the method is not: see the Allow header.' },
  body_too_large: { status: 413, doc: 'The body is larger than this API takes.' },
  rate_limited: { status: 429, doc: 'Too many requests: wait as long as Retry-After says.' },
  internal: { status: 500, doc: 'Something broke on our side. The log has it under the request id.' },
  store_unavailable: { status: 503, doc: 'A store behind this read does not answer: try again.' },
  commands_unavailable: { status: 503, doc: 'The command service does not answer: try again.' },
  store_timeout: { status: 504, doc: 'A store took too long: narrow the request or try again.' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly doc: string }>>

export type ProblemCode = keyof typeof PROBLEMS

const STATUSES: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(PROBLEMS).map(([code, { status }]) => [code, status]),
)

export interface FieldError {
  /** JSON pointer into `query`, `path` or `body`. */
  readonly pointer: string
  readonly detail: string
}

export class ApiError extends NikashError {
  override readonly name = 'ApiError'
  constructor(
    code: ProblemCode,
    message: string,
    options: { errors?: readonly FieldError[]; cause?: unknown } = {},
  ) {
    super(code, message, {
      ...(options.cause === undefined ? {} : { cause: options.cause }),
      ...(options.errors ? { details: { errors: options.errors } } : {}),
    })
  }
}

export function problemOf(error: unknown, context: { instance: string; requestId: string }): Problem {
  const problem = toProblem(error, STATUSES, {
    instance: context.instance,
    extensions: { requestId: context.requestId },
  })
  return { ...problem, type: `/docs/problems#${problem.code}` }
}
