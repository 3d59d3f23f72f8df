/**
 * Commands that clients may also give here: passed on to the command service with their body, their token and their keys,
 * and its answer passed back. Owns nothing of the command: the service there judges it. Refuses what is not there to be
 * commanded (`exists`), which only the read side knows.
 */
import express, { type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import type { Services } from '../services.ts'
import { type Operation, principalOf, validate } from './operation.ts'
import { ApiError } from './problem.ts'
import { problem, resourceId } from './schemas.ts'

const BODY_BYTES_MAX = 16_384
const TIMEOUT_MS = 10_000
const PASSED_ON = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'x-request-id',
  'traceparent',
]
const PASSED_BACK = ['content-type', 'etag', 'location', 'retry-after', 'www-authenticate']

export const accepted = z
  .object({ id: z.string(), version: z.number().int(), position: z.number().int() })
  .openapi('Accepted')

export interface Forward {
  /** With {id}. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  readonly body: z.ZodType
  /** Throws where there is nothing to command. */
  exists(tenant: string, id: string, signal: AbortSignal): Promise<void>
}

const params = z.strictObject({ id: resourceId })
const parseBody = express.text({ type: () => true, limit: BODY_BYTES_MAX })
const readBody: RequestHandler = (request, response, next) =>
  parseBody(request, response, (error?: unknown) => {
    if (error === undefined) return next()
    const tooLarge = (error as { status?: unknown }).status === 413
    next(
      tooLarge
        ? new ApiError('body_too_large', `The body has more than ${BODY_BYTES_MAX} bytes.`)
        : new ApiError('body_invalid', 'The body can not be read: send JSON in UTF-8.'),
    )
  })

async function passOn(commandsUrl: string | undefined, request: Request, response: Response): Promise<void> {
  if (commandsUrl === undefined) {
    throw new ApiError('commands_unavailable', 'This API knows no command service: ask that one itself.')
  }
  const headers = new Headers()
  for (const name of PASSED_ON) {
    const value = request.get(name)
    if (value !== undefined) headers.set(name, value)
  }
  const text: unknown = request.body
  let answer: globalThis.Response
  try {
    answer = await fetch(new URL(request.path, commandsUrl), {
      method: 'POST',
      headers,
      body: typeof text === 'string' && text !== '' ? text : '{}',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (cause) {
    throw new ApiError('commands_unavailable', 'The command service did not answer: try again.', { cause })
  }
  for (const name of PASSED_BACK) {
    const value = answer.headers.get(name)
    if (value !== null) response.setHeader(name, value)
  }
  response.setHeader('Cache-Control', 'no-store')
  response.status(answer.status).send(Buffer.from(await answer.arrayBuffer()))
}

export function forwarded(services: Services, spec: Forward): Operation {
  const { path, tag, summary, description, body } = spec
  const described = (text: string) => ({
    description: text,
    content: { 'application/problem+json': { schema: problem } },
  })
  return {
    method: 'post',
    path,
    tag,
    summary,
    isPublic: false,
    response: accepted,
    takesBody: true,
    mount(router) {
      router.post(path.replace('{id}', ':id'), readBody, async (request, response) => {
        const { tenant } = principalOf(response)
        const { id } = validate(params, request.params, 'path_invalid', 'path') as { id: string }
        await spec.exists(tenant, id, AbortSignal.timeout(TIMEOUT_MS))
        await passOn(services.commandsUrl, request, response)
      })
    },
    describe(registry) {
      registry.registerPath({
        method: 'post',
        path,
        tags: [tag],
        summary,
        description,
        operationId: `post${path.replace(/(^|\/)(v1\/)?\{?(\w)(\w*)\}?/g, (_, _slash, _v, first: string, rest: string) => first.toUpperCase() + rest)}`,
        security: [{ bearer: [] }],
        request: {
          params: z.object({ id: resourceId }),
          body: { required: false, content: { 'application/json': { schema: body } } },
        },
        responses: {
          202: { description: 'Accepted.', content: { 'application/json': { schema: accepted } } },
          400: described('The body does not fit.'),
          401: described('token_missing, token_invalid or token_expired.'),
          403: described('The role may not do this.'),
          404: described('resource_unknown.'),
          409: described('Its state does not allow it.'),
          503: described('commands_unavailable; Retry-After says when to come back.'),
        },
      })
    },
  }
}
