/**
 * One operation of the API: its path, its schemas and its handler in one value, from which both the route and its
 * entry in /openapi.json are made. Owns validation and the answer's form. Refuses undocumented query parameters.
 *
 * P1  a handler gets only validated input and a principal from a verified token.
 * P2  a read answers with an ETag of its body; If-None-Match with it answers 304.
 * P3  the text of a body is made once when the handler says that the body does not change (`lasting`).
 */
import { createHash } from 'node:crypto'
import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi'
import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import type { Principal } from '../auth/token.ts'
import { ApiError, type FieldError, type ProblemCode } from './problem.ts'
import { problem } from './schemas.ts'

export interface Input<P, Q> {
  readonly params: P
  readonly query: Q
  readonly principal: Principal
  readonly request: Request
  /** Aborted when the client went away. */
  readonly signal: AbortSignal
  /** Says in the answer whether it was kept (Cache-Status, RFC 9211). */
  readonly cacheStatus: (text: string) => void
}

export interface PublicInput<P, Q> extends Omit<Input<P, Q>, 'principal'> {}

interface Common {
  readonly method: 'get' | 'post'
  /** As in OpenAPI: /v1/kpis/{name}/history. */
  readonly path: string
  /** Other paths with the same answer. */
  readonly aliases?: readonly string[]
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly problems?: readonly ProblemCode[]
  /** Its answers are kept (reads/answers.ts), and say so. */
  readonly keeps?: true
}

export interface Operation extends Common {
  readonly isPublic: boolean
  readonly response: z.ZodType
  /** It is passed on with its body (forward.ts). */
  readonly takesBody?: true
  mount(router: Router): void
  describe(registry: OpenAPIRegistry): void
}

type Shape = z.ZodRawShape
type Parsed<S extends Shape> = z.output<z.ZodObject<S>>

interface Spec<P extends Shape, Q extends Shape, R extends z.ZodType> extends Common {
  readonly params?: P
  readonly query?: Q
  readonly response: R
}

export interface TenantSpec<P extends Shape, Q extends Shape, R extends z.ZodType> extends Spec<P, Q, R> {
  handle(input: Input<Parsed<P>, Parsed<Q>>): Promise<z.input<R>>
}

export interface PublicSpec<P extends Shape, Q extends Shape, R extends z.ZodType> extends Spec<P, Q, R> {
  handle(input: PublicInput<Parsed<P>, Parsed<Q>>): Promise<z.input<R>>
}

const expressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')

export function principalOf(response: Response): Principal {
  const failure: unknown = response.locals['authFailure']
  if (failure !== undefined) throw failure
  const principal: unknown = response.locals['principal']
  if (principal === undefined)
    throw new ApiError('token_missing', 'Send an access token: Authorization: Bearer TOKEN.')
  return principal as Principal
}

export function tenantOperation<P extends Shape, Q extends Shape, R extends z.ZodType>(
  spec: TenantSpec<P, Q, R>,
): Operation {
  return make(spec, false, (input, response) =>
    spec.handle(Object.assign(input, { principal: principalOf(response) })),
  )
}

export function publicOperation<P extends Shape, Q extends Shape, R extends z.ZodType>(
  spec: PublicSpec<P, Q, R>,
): Operation {
  return make(spec, true, (input) => spec.handle(input))
}

function make<P extends Shape, Q extends Shape, R extends z.ZodType>(
  spec: Spec<P, Q, R>,
  isPublic: boolean,
  handle: (input: PublicInput<Parsed<P>, Parsed<Q>>, response: Response) => Promise<unknown>,
): Operation {
  const params = z.strictObject(spec.params ?? ({} as P))
  const query = z.strictObject(spec.query ?? ({} as Q))
  const paths = [spec.path, ...(spec.aliases ?? [])]
  return {
    method: spec.method,
    path: spec.path,
    ...(spec.aliases ? { aliases: spec.aliases } : {}),
    tag: spec.tag,
    summary: spec.summary,
    isPublic,
    response: spec.response,
    mount(router) {
      for (const path of paths) {
        router[spec.method](expressPath(path), async (request, response) => {
          if (!isPublic) principalOf(response)
          const input = {
            params: validate(params, request.params, 'path_invalid', 'path') as Parsed<P>,
            query: validate(query, request.query, 'query_invalid', 'query') as Parsed<Q>,
            request,
            // Made when it is asked for: few handlers do, and it is not cheap.
            get signal() {
              return signalOf(response)
            },
            cacheStatus: (text: string) => void response.setHeader('Cache-Status', text),
          }
          answer(request, response, await handle(input, response))
        })
      }
    },
    describe(registry) {
      for (const path of paths) {
        const isAlias = path !== spec.path
        registry.registerPath({
          method: spec.method,
          path,
          tags: [spec.tag],
          summary: isAlias ? `${spec.summary} (alias of ${spec.path})` : spec.summary,
          ...(spec.description ? { description: spec.description } : {}),
          operationId: operationId(spec.method, path),
          security: isPublic ? [] : [{ bearer: [] }],
          request: {
            ...(spec.params ? { params: z.object(spec.params) } : {}),
            ...(spec.query ? { query: z.object(spec.query) } : {}),
          },
          responses: responsesOf(spec, isPublic),
        })
      }
    },
  }
}

const operationId = (method: string, path: string): string =>
  [method, ...path.split('/').filter((part) => part !== '' && part !== 'v1')]
    .map((part) => part.replace(/[{}]/g, '').replace(/[^A-Za-z0-9]+(.)/g, (_, c: string) => c.toUpperCase()))
    .map((part, i) => (i === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)))
    .join('')

function responsesOf<R extends z.ZodType>(spec: Spec<Shape, Shape, R>, isPublic: boolean) {
  const problemResponse = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: problem } },
  })
  return {
    200: {
      description: 'The answer.',
      headers: {
        ETag: { schema: { type: 'string' as const }, description: 'Of the body; send it as If-None-Match.' },
        ...(spec.keeps
          ? {
              'Cache-Status': {
                schema: { type: 'string' as const },
                description:
                  'Whether the answer was kept (RFC 9211): hit, or fwd=miss, stale or bypass. Never older than the data.',
              },
            }
          : {}),
      },
      content: { 'application/json': { schema: spec.response } },
    },
    ...(spec.method === 'get' ? { 304: { description: 'Unchanged since the ETag of If-None-Match.' } } : {}),
    400: problemResponse('query_invalid, path_invalid, cursor_invalid or range_invalid.'),
    ...(isPublic
      ? {}
      : {
          401: problemResponse('token_missing, token_invalid or token_expired.'),
          403: problemResponse('role_not_allowed.'),
        }),
    ...(spec.problems?.length ? { 404: problemResponse(`${spec.problems.join(' or ')}.`) } : {}),
    429: problemResponse('rate_limited; Retry-After says when to come back.'),
    503: problemResponse('store_unavailable; Retry-After says when to come back.'),
  }
}

export function validate(schema: z.ZodType, value: unknown, code: ProblemCode, root: string): unknown {
  const parsed = schema.safeParse({ ...(value as object) })
  if (parsed.success) return parsed.data
  const errors: FieldError[] = parsed.error.issues.flatMap((issue): FieldError[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          pointer: `/${root}/${key.slice(0, 60)}`,
          detail: 'is not a parameter of this path',
        }))
      : [{ pointer: `/${[root, ...issue.path].join('/')}`, detail: issue.message }],
  )
  const first = errors[0]
  throw new ApiError(
    code,
    first ? `${first.pointer.slice(1)}: ${first.detail}` : 'The request is malformed.',
    { errors },
  )
}

function signalOf(response: Response): AbortSignal {
  const controller = new AbortController()
  // An answer that was sent whole is closed too: nothing is left to abort, and an abort is not cheap.
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}

const isFresh = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*')

interface Text {
  readonly body: Buffer
  readonly etag: string
}

/** Of bodies that do not change; undefined until the first answer. */
const texts = new WeakMap<object, Text | undefined>()

/** P3. For a body that a handler gives again and again, and nobody changes. */
export function lasting<T extends object>(body: T): T {
  if (!texts.has(body)) texts.set(body, undefined)
  return body
}

function textOf(value: unknown): Text {
  const known = texts.get(value as object)
  if (known) return known
  const body = Buffer.from(JSON.stringify(value))
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  if (texts.has(value as object)) texts.set(value as object, { body, etag })
  return { body, etag }
}

function answer(request: Request, response: Response, value: unknown): void {
  const { body, etag } = textOf(value)
  if (request.method === 'GET' || request.method === 'HEAD') {
    response.setHeader('ETag', etag)
    response.setHeader('Cache-Control', 'private, no-cache')
    if (isFresh(request.headers['if-none-match'], etag)) {
      response.status(304).end()
      return
    }
  } else {
    response.setHeader('Cache-Control', 'no-store')
  }
  response.statusCode = 200
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Content-Length', body.length)
  response.end(request.method === 'HEAD' ? undefined : body)
}
