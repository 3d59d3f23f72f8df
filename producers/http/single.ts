/**
 * Owns what one request for one command becomes, and what its answer says: the same for the app and for the short way
 * (short-way.ts), which differ in how a body is read and in nothing else.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Metrics } from '../../platform/metrics.ts'
import { BROADCAST_KEY } from '../../schemas/topics.ts'
import { EXTERNAL_ID } from '../../schemas/values/ids.ts'
import { newId } from '../event-store/ids.ts'
import type { Accepted, CommandRequest, CommandResult } from '../kernel/command.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Lanes } from '../kernel/lanes.ts'
import { locationOf, type Operation } from '../kernel/operation.ts'
import type { Caller } from './auth.ts'
import { expectedVersionOf, headerOf, idempotencyKeyOf, metadataOf, parseBody } from './request.ts'

export interface Asked {
  /** As it was sent: it is bound to the Idempotency-Key. */
  readonly path: string
  readonly id: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly caller: Caller
  readonly body: unknown
}

export type AcceptedResult = Extract<CommandResult, { kind: 'accepted' }>

export interface Answered {
  readonly status: number
  readonly body: Accepted
  /** Name, value, name, value, ... */
  readonly headers: readonly string[]
}

const REFERENCE: ReadonlySet<string> = new Set(['fx-rate', 'tax-rate'])

/** Whose books the command changes: the token's tenant, but for tenants themselves and what belongs to all of them. */
function tenantOf(operation: Operation, caller: Caller, id: string): string {
  if (operation.aggregate === 'tenant') return id
  return REFERENCE.has(operation.aggregate) ? BROADCAST_KEY : caller.tenantId
}

export type Single = (operation: Operation, asked: Asked) => Promise<AcceptedResult>

/** Runs one command; throws the refusal of one that was not accepted. */
export function singleCommands(parts: {
  readonly lanes: Lanes
  readonly metrics: Metrics
  readonly nowMs: () => number
}): Single {
  const measured = commandMetrics(parts.metrics)
  return async (operation, { path, id: pathId, headers, caller, body }) => {
    const started = performance.now()
    if (pathId !== undefined && !EXTERNAL_ID.test(pathId)) {
      throw new Refusal('not_found', `${JSON.stringify(pathId.slice(0, 140))} can't be an id`)
    }
    const key = idempotencyKeyOf(headerOf(headers, 'idempotency-key'), {
      path,
      body,
      required: operation.money,
    })
    const command = parseBody(operation.schema, body)
    const id = pathId ?? operation.idOf?.(command, caller.tenantId) ?? newId(parts.nowMs())
    const expectedVersion = expectedVersionOf(headerOf(headers, 'if-match'))
    const request: CommandRequest = {
      operation,
      id,
      command,
      metadata: metadataOf(headers, caller),
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
      ...(key ? { key } : {}),
    }
    const result = await parts.lanes.submit(tenantOf(operation, caller, id), request)
    measured(operation, result, started)
    if (result.kind === 'refused') throw result.refusal
    if (result.kind === 'failed') throw result.error
    return result
  }
}

export function answered(operation: Operation, { status, body, replayed }: AcceptedResult): Answered {
  const headers = ['ETag', `"${body.version}"`, 'Location', locationOf(operation, body.id)]
  if (replayed) headers.push('Idempotent-Replayed', 'true')
  return { status, body, headers }
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
