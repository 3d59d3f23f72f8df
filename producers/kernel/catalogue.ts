/** Owns the list of all operations. */
import { accountOperations } from '../accounts/routes.ts'
import { alertOperations } from '../alerts/routes.ts'
import { billOperations } from '../bills/routes.ts'
import { creditNoteOperations } from '../credit-notes/routes.ts'
import { customerOperations } from '../customers/routes.ts'
import { expenseOperations } from '../expenses/routes.ts'
import { invoiceOperations } from '../invoices/routes.ts'
import { journalEntryOperations } from '../journal-entries/routes.ts'
import { paymentOperations } from '../payments/routes.ts'
import { periodOperations } from '../periods/routes.ts'
import { productOperations } from '../products/routes.ts'
import { referenceOperations } from '../reference/routes.ts'
import { stockOperations } from '../stock/routes.ts'
import { targetOperations } from '../targets/routes.ts'
import { tenantOperations } from '../tenants/routes.ts'
import { vendorOperations } from '../vendors/routes.ts'
import { validationRuleOperations } from '../validation-rules/routes.ts'
import type { Operation } from './operation.ts'

export const OPERATIONS: readonly Operation[] = [
  ...tenantOperations,
  ...customerOperations,
  ...invoiceOperations,
  ...paymentOperations,
  ...creditNoteOperations,
  ...expenseOperations,
  ...referenceOperations,
  ...accountOperations,
  ...journalEntryOperations,
  ...periodOperations,
  ...vendorOperations,
  ...billOperations,
  ...productOperations,
  ...stockOperations,
  ...targetOperations,
  ...alertOperations,
  ...validationRuleOperations(() => OPERATIONS),
]
