/**
 * The HTTP application: the order of what every request passes, the mounted operations, and the one place where an
 * error becomes an answer. Owns security headers. Refuses bodies, but for commands that are passed on as they come.
 */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express'
import helmet from 'helmet'
import { PROBLEM_TYPE } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { Verify } from './auth/token.ts'
import { authentication } from './http/authentication.ts'
import { cors } from './http/cors.ts'
import { docs, page } from './http/docs.ts'
import { type Check, health } from './http/health.ts'
import { limits } from './http/limits.ts'
import type { ApiMetrics } from './http/metrics.ts'
import { openApiDocument } from './http/openapi.ts'
import type { Operation } from './http/operation.ts'
import { ApiError, problemOf } from './http/problem.ts'

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/
const BODY_BYTES_MAX = 16_384
const RETRY_AFTER_SECONDS = '2'
const DIST = path.join(import.meta.dirname, 'dashboard', 'dist')

export interface AppOptions {
  readonly operations: readonly Operation[]
  readonly verify: Verify
  readonly log: Log
  readonly metrics: ApiMetrics
  readonly checks: readonly Check[]
  readonly isStopping: () => boolean
  readonly corsOrigins: readonly string[]
  readonly perMinute: number
  readonly anonymousPerMinute: number
  readonly commandsUrl: string | undefined
  readonly pageFolder?: string
}

const requestIds: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id')
  const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID()
  response.locals['requestId'] = requestId
  response.setHeader('X-Request-Id', requestId)
  next()
}

/** The page talks to its own origin, its sockets, and the command service where one is told. */
const contentPolicy = (commandsUrl: string | undefined) => ({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'", ...(commandsUrl ? [new URL(commandsUrl).origin] : [])],
    manifestSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
})

/** No other operation takes a body; one that is sent is refused when it is large and ignored when it is small. */
const noBodies: RequestHandler = (request, _response, next) => {
  const length = Number(request.get('content-length') ?? 0)
  if (length > BODY_BYTES_MAX)
    return next(new ApiError('body_too_large', `The body has more than ${BODY_BYTES_MAX} bytes.`))
  request.resume()
  next()
}

/** A known path with another method is 405, anything else 404. */
function notFound(operations: readonly Operation[]): RequestHandler {
  const known = operations.flatMap(({ method, path: own, aliases }) =>
    [own, ...(aliases ?? [])].map((template) => ({
      method,
      pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}/?$`),
    })),
  )
  return (request, response, next) => {
    const methods = known
      .filter(({ pattern }) => pattern.test(request.path))
      .map(({ method }) => method.toUpperCase())
    if (methods.length === 0)
      return next(new ApiError('route_unknown', `There is nothing at ${request.path.slice(0, 200)}.`))
    response.setHeader('Allow', [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', '))
    next(
      new ApiError('method_not_allowed', `${request.method} is not offered here: ${methods.join(', ')} is.`),
    )
  }
}

function errors(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    // The client is gone: there is nobody to answer, and what it interrupted is no failure.
    if (response.destroyed) return
    if (response.headersSent) return next(error)
    const requestId = String(response.locals['requestId'])
    const decoded = isMalformedPath(error)
      ? new ApiError('path_invalid', 'The path is not well-formed.')
      : error
    const problem = problemOf(decoded, { instance: request.path.slice(0, 200), requestId })
    if (problem.status >= 500) log.error({ err: error, requestId, path: request.path }, 'a request failed')
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="nikash"')
    if (problem.status === 503) response.setHeader('Retry-After', RETRY_AFTER_SECONDS)
    response.setHeader('Cache-Control', 'no-store')
    response.removeHeader('ETag')
    response.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem))
  }
}

/** `/v1/invoices/%zz`: the router could not decode it. */
const isMalformedPath = (error: unknown): boolean =>
  error instanceof URIError || (error as { status?: unknown } | undefined)?.status === 400

export function createApp(options: AppOptions): Express {
  const { operations, log, metrics } = options
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.use(requestIds)
  app.use(metrics.middleware)
  app.use(
    helmet({
      contentSecurityPolicy: contentPolicy(options.commandsUrl),
      strictTransportSecurity: { maxAge: 31_536_000 },
      frameguard: { action: 'deny' },
      referrerPolicy: { policy: 'no-referrer' },
    }),
  )
  app.use(cors(options.corsOrigins))
  app.use(health(options.checks, options.isStopping))
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  app.use(docs(openApiDocument(operations, options.commandsUrl)))

  const api = Router()
  api.use(authentication(options.verify), limits(options.perMinute, options.anonymousPerMinute))
  for (const operation of operations) if (operation.takesBody) operation.mount(api)
  api.use(noBodies)
  for (const operation of operations) if (!operation.takesBody) operation.mount(api)
  app.use(['/v1', '/finance'], withFullPath(api))

  app.use(page(options.pageFolder ?? DIST))
  app.use(notFound(operations))
  app.use(errors(log))
  return app
}

/** Operations name their whole path: the mount point goes back onto the url for their router. */
function withFullPath(router: Router): RequestHandler {
  return (request, response, next) => {
    const { url, baseUrl } = request
    request.url = baseUrl + url
    request.baseUrl = ''
    router(request, response, (error?: unknown) => {
      request.url = url
      request.baseUrl = baseUrl
      next(error)
    })
  }
}
