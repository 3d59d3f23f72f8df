/** GET /v1/receivables/aging: aging.ts for receivables. */
import { RECEIVABLES } from '../reads/aging-sides.ts'
import type { Services } from '../services.ts'
import { agingOperation } from './aging.ts'

export const receivablesAging = (services: Services) => agingOperation(services, RECEIVABLES)
