/**
 * The one base of our errors, and their form over HTTP.
 * E1: an error says what happened, to what, and what to do. E2: callers decide by `code` and `recover`, never by text.
 * E3: a code becomes an HTTP status in the table a service hands to `toProblem`, nowhere else; an unknown error is a
 *     500 `internal` without its text. Bugs are assertions (plain Error), not NikashError.
 *
 *   throw new NikashError('offset_out_of_range', `offset 7 of x-3 is gone`, { recover: 'stop', cause })
 *   if (recoverOf(error) === 'retry') ...
 *   const problem = toProblem(error, STATUS, { instance: req.path })
 *   res.status(problem.status).type(PROBLEM_TYPE).send(problem)
 */
export type Recover = 'retry' | 'rebuild-task' | 'rejoin' | 'dead-letter' | 'stop'

export interface NikashErrorOptions {
  readonly recover?: Recover
  readonly cause?: unknown
  /** Facts for callers and logs (no secrets): topic, offset, field... */
  readonly details?: Readonly<Record<string, unknown>>
}

export class NikashError extends Error {
  override readonly name: string = 'NikashError'
  readonly code: string
  readonly recover: Recover
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, options: NikashErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.recover = options.recover ?? 'stop'
    this.details = options.details ?? {}
  }
}

const RECOVERS: ReadonlySet<unknown> = new Set(['retry', 'rebuild-task', 'rejoin', 'dead-letter', 'stop'])

/** Code of any error: ours, one of schemas/, a Node system error; `internal` for the rest. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && code !== '' ? code : 'internal'
}

/** What to do about any error; an error that does not say is a reason to stop. */
export function recoverOf(error: unknown): Recover {
  const recover = (error as { recover?: unknown } | null | undefined)?.recover
  return RECOVERS.has(recover) ? (recover as Recover) : 'stop'
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** RFC 9457, with a stable `code`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly instance?: string
  readonly [extension: string]: unknown
}

export const PROBLEM_TYPE = 'application/problem+json'

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is malformed',
  401: 'Authentication is needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict with the current state',
  410: 'Gone',
  412: 'The resource has changed since',
  413: 'The request is too large',
  415: 'The media type is not supported',
  422: 'The request breaks a rule',
  428: 'A precondition is required',
  429: 'Too many requests',
  500: 'Something broke on our side',
  503: 'Not available for now',
  504: 'Took too long',
}

export interface ProblemContext {
  readonly instance?: string
  readonly extensions?: Readonly<Record<string, unknown>>
}

export function makeProblem(
  status: number,
  code: string,
  detail: string | undefined,
  context: ProblemContext = {},
): Problem {
  return {
    ...context.extensions,
    type: `urn:nikash:problem:${code}`,
    title: TITLES[status] ?? 'Error',
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(context.instance === undefined ? {} : { instance: context.instance }),
  }
}

/** `statuses` is the service's one table from code to HTTP status. */
export function toProblem(
  error: unknown,
  statuses: Readonly<Record<string, number>>,
  context: ProblemContext = {},
): Problem {
  const code = codeOf(error)
  const status = Object.hasOwn(statuses, code) ? statuses[code] : undefined
  if (status === undefined) return makeProblem(500, 'internal', undefined, context)
  const details = error instanceof NikashError ? error.details : {}
  return makeProblem(status, code, messageOf(error), {
    ...context,
    extensions: { ...details, ...context.extensions },
  })
}
