/**
 * Owns the HTTP face of the command service: paths of all operations, tenants for operators, health, problems.
 * W1: a body is read only after the token is accepted. W2: every answer that is no success is a problem (RFC 9457) and
 *     never carries a stack or a text of the driver. W3: an outage of the store is 503 with Retry-After, not a 500.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import helmet from 'helmet'
import type pg from 'pg'
import { PROBLEM_TYPE } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { EXTERNAL_ID } from '../../schemas/values/ids.ts'
import { isOutage } from '../event-store/database.ts'
import { newId } from '../event-store/store.ts'
import { OPERATIONS } from '../kernel/catalogue.ts'
import { problemOf, Refusal } from '../kernel/errors.ts'
import type { CommandRequest, CommandResult } from '../kernel/command.ts'
import type { Executor } from '../kernel/executor.ts'
import type { Lanes } from '../kernel/lanes.ts'
import { locationOf, type Operation } from '../kernel/operation.ts'
import { type Authenticate, type Caller, requireRole } from './auth.ts'
import { BATCH_BYTES_MAX, ImportBatches, importBatch, metadataOfBatch } from './import-batches.ts'
import { importReads } from './imports.ts'
import { openApiDocument } from './openapi.ts'
import { expectedVersionOf, idempotencyKeyOf, metadataOf, parseBody } from './request.ts'
import { tenantReads } from './tenant-reads.ts'

const BODY_BYTES_MAX = '256kb'

export interface AppParts {
  readonly authenticate: Authenticate
  readonly executor: Executor
  readonly lanes: Lanes
  readonly pool: pg.Pool
  readonly log: Log
  readonly metrics: Metrics
  readonly nowMs: () => number
  /** False while starting or stopping. */
  readonly accepting: () => boolean
}

export function commandApp(parts: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use(helmet())
  health(app, parts)
  const description = openApiDocument()
  app.get('/openapi.json', (_request, response) => void response.json(description))
  const caller = callerOf(parts.authenticate)
  const json = (limit: string) => [requireJson, express.json({ limit, strict: true })]
  const measured = commandMetrics(parts.metrics)
  for (const operation of OPERATIONS) {
    app.post(
      operation.path,
      caller(operation.role),
      ...json(BODY_BYTES_MAX),
      single(operation, parts, measured),
    )
  }
  app.post(
    '/v1/import-batches',
    caller('writer'),
    ...json(BATCH_BYTES_MAX),
    batch(new ImportBatches(parts.executor)),
  )
  importReads(app, { pool: parts.pool, caller: caller('writer') })
  tenantReads(app, { pool: parts.pool, caller: caller('writer') })
  app.use((request) => {
    const known = OPERATIONS.some((operation) => matches(operation.path, request.path))
    const code = known ? 'method_not_allowed' : 'not_found'
    throw new Refusal(code, `${request.method} ${request.path} is nothing here; reads are on the API`)
  })
  app.use(problems(parts.log))
  return app
}

const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}/?$`).test(path)

const callerOf =
  (authenticate: Authenticate) =>
  (role: 'writer' | 'operator'): RequestHandler =>
  async (request, response, next) => {
    const caller = await authenticate(request.get('authorization'))
    requireRole(caller, role)
    response.locals['caller'] = caller
    next()
  }

const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.get('transfer-encoding') !== undefined || Number(request.get('content-length') ?? 0) > 0
  if (hasBody && !request.is('application/json')) {
    throw new Refusal('media_type_unsupported', 'send the body as Content-Type: application/json')
  }
  next()
}

const REFERENCE: ReadonlySet<string> = new Set(['fx-rate', 'tax-rate'])

/** Whose books the command changes: the token's tenant, but for tenants themselves and what belongs to all of them. */
function tenantOf(operation: Operation, caller: Caller, id: string): string {
  if (operation.aggregate === 'tenant') return id
  return REFERENCE.has(operation.aggregate) ? BROADCAST_KEY : caller.tenantId
}

function single(
  operation: Operation,
  parts: AppParts,
  measured: ReturnType<typeof commandMetrics>,
): RequestHandler {
  return async (request, response) => {
    const started = performance.now()
    const caller = response.locals['caller'] as Caller
    const pathId = request.params['id'] as string | undefined
    if (pathId !== undefined && !EXTERNAL_ID.test(pathId)) {
      throw new Refusal('not_found', `${JSON.stringify(pathId.slice(0, 140))} can't be an id`)
    }
    const key = idempotencyKeyOf(request.get('idempotency-key'), {
      path: request.path,
      body: request.body,
      required: operation.money,
    })
    const command = parseBody(operation.schema, request.body)
    const id = pathId ?? operation.idOf?.(command, caller.tenantId) ?? newId(parts.nowMs())
    const expectedVersion = expectedVersionOf(request.get('if-match'))
    const commandRequest: CommandRequest = {
      operation,
      id,
      command,
      metadata: metadataOf(request, caller),
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
      ...(key ? { key } : {}),
    }
    const result = await parts.lanes.submit(tenantOf(operation, caller, id), commandRequest)
    measured(operation, result, started)
    answer(response, operation, result)
  }
}

function answer(response: Response, operation: Operation, result: CommandResult): void {
  if (result.kind === 'refused') throw result.refusal
  if (result.kind === 'failed') throw result.error
  const { body, status, replayed } = result
  if (replayed) response.set('Idempotent-Replayed', 'true')
  response
    .status(status)
    .set('ETag', `"${body.version}"`)
    .set('Location', locationOf(operation, body.id))
    .json(body)
}

const batch =
  (batches: ImportBatches): RequestHandler =>
  async (request, response) => {
    const caller = response.locals['caller'] as Caller
    const parsed = parseBody(importBatch, request.body)
    const metadata = metadataOfBatch(parsed, metadataOf(request, caller))
    response.json({ results: await batches.run(caller.tenantId, parsed, metadata) })
  }

function commandMetrics(metrics: Metrics) {
  const handled = metrics.counter('commands_handled_total', 'Commands by outcome.', ['operation', 'outcome'])
  const seconds = metrics.histogram('command_duration_seconds', 'Time from request to answer.', ['operation'])
  return (operation: Operation, result: CommandResult, startedMs: number): void => {
    const outcome = result.kind === 'accepted' && result.replayed ? 'replayed' : result.kind
    handled.inc({ operation: operation.name, outcome })
    seconds.observe({ operation: operation.name }, (performance.now() - startedMs) / 1_000)
  }
}

function health(app: Express, parts: AppParts): void {
  const live: RequestHandler = (_request, response) => void response.json({ status: 'ok' })
  const ready: RequestHandler = async (_request, response) => {
    const store = await parts.pool.query('select 1').then(
      () => true,
      () => false,
    )
    const ok = store && parts.accepting()
    response
      .status(ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ok ? 'ok' : 'unavailable', checks: { store, accepting: parts.accepting() } })
  }
  app.get(['/livez', '/health/live'], live)
  app.get(['/readyz', '/health/ready'], ready)
  app.get('/metrics', async (_request, response) => {
    const { registry } = parts.metrics
    response.set('Content-Type', registry.contentType).send(await registry.metrics())
  })
}

const problems =
  (log: Log): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const refusal = refusalOf(error, request, log)
    const { retryAfterSeconds } = refusal.options
    if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds))
    if (refusal.status === 401) response.set('WWW-Authenticate', 'Bearer realm="nikash"')
    response
      .status(refusal.status)
      .set('Content-Type', PROBLEM_TYPE)
      .send(JSON.stringify(problemOf(refusal, request.path)))
  }

function refusalOf(error: unknown, request: Request, log: Log): Refusal {
  if (error instanceof Refusal) return error
  const type = (error as { type?: unknown } | null)?.type
  if (type === 'entity.too.large')
    return new Refusal(
      'body_too_large',
      `the body is over ${BODY_BYTES_MAX} (${BATCH_BYTES_MAX} for a batch)`,
    )
  if (type === 'entity.parse.failed') return new Refusal('malformed_json', 'the body is not valid JSON')
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new Refusal('media_type_unsupported', 'send the body as UTF-8, plain or gzip')
  }
  if (typeof type === 'string' && /^(?:request\.|stream\.)/.test(type)) {
    return new Refusal('malformed_json', 'the body did not arrive whole')
  }
  if (error instanceof URIError) return new Refusal('not_found', 'the path is not well encoded')
  if (isOutage(error)) {
    log.warn({ err: error, path: request.path }, 'the store does not answer')
    return new Refusal(
      'unavailable',
      'the store does not answer; the command may or may not be stored: repeat it with the same Idempotency-Key',
      { retryAfterSeconds: 1 },
    )
  }
  log.error({ err: error, path: request.path }, 'a request failed')
  return new Refusal(
    'internal',
    'something broke on our side; repeating the request with the same Idempotency-Key is safe',
  )
}
