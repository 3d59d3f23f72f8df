/** Owns the list of all operations. */
import { customerOperations } from '../customers/routes.ts'
import { expenseOperations } from '../expenses/routes.ts'
import { invoiceOperations } from '../invoices/routes.ts'
import { paymentOperations } from '../payments/routes.ts'
import { referenceOperations } from '../reference/routes.ts'
import { tenantOperations } from '../tenants/routes.ts'
import type { Operation } from './operation.ts'

export const OPERATIONS: readonly Operation[] = [
  ...tenantOperations,
  ...customerOperations,
  ...invoiceOperations,
  ...paymentOperations,
  ...expenseOperations,
  ...referenceOperations,
]
