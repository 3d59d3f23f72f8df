/** GET /v1/tenant: who the token speaks for, and its settings. */
import { z } from 'zod'
import { tenantOperation } from '../http/operation.ts'
import { currencyCode, day } from '../http/schemas.ts'
import type { Services } from '../services.ts'

export const tenant = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/tenant',
    tag: 'Tenant',
    summary: 'The tenant of the token, with its settings and its today',
    response: z
      .object({
        tenantId: z.string(),
        name: z.string(),
        zone: z.string().openapi({ example: 'Asia/Dhaka' }),
        currency: currencyCode,
        fiscalYearStart: z.string().openapi({ example: '07-01' }),
        registered: z
          .boolean()
          .openapi({ description: 'False = no registration is known yet: defaults hold.' }),
        today: day,
        asOf: day,
      })
      .openapi('Tenant'),
    async handle({ principal }) {
      const [settings, today] = await Promise.all([
        services.tenants.settings(principal.tenant),
        services.tenants.today(principal.tenant),
      ])
      return { ...settings, today, asOf: today }
    },
  })
