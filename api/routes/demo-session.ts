/**
 * POST /v1/demo-session: a short token for the demo tenant, so that the page of a local stack needs no pasting. Exists
 * on local stacks alone, and answers only requests that name this machine: a page of elsewhere that points a name of
 * its own at loopback (DNS rebinding) sends that name as Host.
 */
import { z } from 'zod'
import { publicOperation } from '../http/operation.ts'
import { ApiError } from '../http/problem.ts'
import { instant } from '../http/schemas.ts'
import { DEMO_TENANT, type Services } from '../services.ts'

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i

export const demoSession = (services: Services, sign: NonNullable<Services['demoToken']>) =>
  publicOperation({
    method: 'post',
    path: '/v1/demo-session',
    tag: 'Tenant',
    summary: 'A short token for the demo tenant (local stacks only)',
    response: z
      .object({
        token: z.string(),
        tenantId: z.string(),
        expiresAt: instant,
        commandsUrl: z.string().optional(),
      })
      .openapi('DemoSession'),
    async handle({ request }) {
      if (!LOOPBACK.test(request.headers.host ?? '')) {
        throw new ApiError(
          'host_not_allowed',
          'The demo session is given on this machine alone: open it as localhost.',
        )
      }
      const { token, expiresAtMs } = await sign()
      const { commandsUrl } = services
      return {
        token,
        tenantId: DEMO_TENANT,
        expiresAt: new Date(expiresAtMs).toISOString(),
        ...(commandsUrl === undefined ? {} : { commandsUrl }),
      }
    },
  })
