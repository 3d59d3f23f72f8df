/** GET /v1/payables/aging: aging.ts for payables. */
import { PAYABLES } from '../reads/aging-sides.ts'
import type { Services } from '../services.ts'
import { agingOperation } from './aging.ts'

export const payablesAging = (services: Services) => agingOperation(services, PAYABLES)
