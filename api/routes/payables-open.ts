/** GET /v1/payables/open: open-items.ts for payables. */
import { PAYABLES } from '../reads/aging-sides.ts'
import type { Services } from '../services.ts'
import { openOperation } from './open-items.ts'

export const payablesOpen = (services: Services) => openOperation(services, PAYABLES)
