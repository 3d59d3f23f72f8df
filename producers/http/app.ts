/**
 * Owns the HTTP face of the command service: paths of all operations, tenants for operators, health, problems. Ordinary
 * requests for commands do not come this far (short-way.ts).
 * W1: a body is read only after the token is accepted. W2: every answer that is no success is a problem (RFC 9457) and
 *     never carries a stack or a text of the driver. W3: an outage of the store is 503 with Retry-After, not a 500.
 */
import type { RequestListener } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import type pg from 'pg'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { OPERATIONS } from '../kernel/catalogue.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Executor } from '../kernel/executor.ts'
import type { Lanes } from '../kernel/lanes.ts'
import type { Operation } from '../kernel/operation.ts'
import { type Authenticate, type Caller, requireRole } from './auth.ts'
import { ImportBatches, importBatch, metadataOfBatch } from './import-batches.ts'
import { importReads } from './imports.ts'
import { openApiDocument } from './openapi.ts'
import { answerProblem, refusalOf } from './problems.ts'
import { metadataOf, parseBody } from './request.ts'
import { shortWay } from './short-way.ts'
import { answered, type Single, singleCommands } from './single.ts'
import { tenantReads } from './tenant-reads.ts'

const KB = 1_024
const COMMAND_BYTES_MAX = 256 * KB
const BATCH_BYTES_MAX = 4 * KB * KB
const LIMITS = { command: `${COMMAND_BYTES_MAX / KB}kb`, batch: `${BATCH_BYTES_MAX / KB ** 2}mb` }

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

export function commandApp(parts: AppParts): RequestListener {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use(helmet())
  health(app, parts)
  const description = openApiDocument()
  app.get('/openapi.json', (_request, response) => void response.json(description))
  const caller = callerOf(parts.authenticate)
  const json = (limit: number) => [requireJson, express.json({ limit, strict: true })]
  const run = singleCommands(parts)
  for (const operation of OPERATIONS) {
    app.post(operation.path, caller(operation.role), ...json(COMMAND_BYTES_MAX), single(operation, run))
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
  const refusal = (error: unknown, path: string) => refusalOf(error, path, { log: parts.log, limits: LIMITS })
  app.use(problems(refusal))
  const { authenticate } = parts
  const short = { operations: OPERATIONS, authenticate, single: run, bodyBytesMax: COMMAND_BYTES_MAX }
  return shortWay({ ...short, refusalOf: refusal }, app)
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

const single =
  (operation: Operation, run: Single): RequestHandler =>
  async (request, response) => {
    const { status, body, headers } = answered(
      operation,
      await run(operation, {
        path: request.path,
        id: request.params['id'] as string | undefined,
        headers: request.headers,
        caller: response.locals['caller'] as Caller,
        body: request.body as unknown,
      }),
    )
    for (let at = 0; at < headers.length; at += 2) response.set(headers[at] ?? '', headers[at + 1] ?? '')
    response.status(status).json(body)
  }

const batch =
  (batches: ImportBatches): RequestHandler =>
  async (request, response) => {
    const caller = response.locals['caller'] as Caller
    const parsed = parseBody(importBatch, request.body)
    const metadata = metadataOfBatch(parsed, metadataOf(request.headers, caller))
    response.json({ results: await batches.run(caller.tenantId, parsed, metadata) })
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
  (refusal: (error: unknown, path: string) => Refusal): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent) next(error)
    else answerProblem(response, request.path, refusal(error, request.path))
  }
