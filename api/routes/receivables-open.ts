/** GET /v1/receivables/open: open-items.ts for receivables. */
import { RECEIVABLES } from '../reads/aging-sides.ts'
import type { Services } from '../services.ts'
import { openOperation } from './open-items.ts'

export const receivablesOpen = (services: Services) => openOperation(services, RECEIVABLES)
