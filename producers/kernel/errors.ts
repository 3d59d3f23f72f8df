/**
 * Owns the refusals of the command side: a stable code, the HTTP status it turns into (here and nowhere else), and text
 * that says what happened, to what, and what to do. Bugs and outages are no refusals: they stay ordinary errors.
 */
import { NikashError, type Problem, toProblem } from '../../platform/errors.ts'

/** Codes are part of the contract: never renamed, only added. */
export const STATUSES = {
  validation_failed: 400,
  malformed_json: 400,
  idempotency_key_missing: 400,
  idempotency_key_invalid: 400,
  if_match_invalid: 400,
  token_missing: 401,
  token_invalid: 401,
  role_refused: 403,
  not_found: 404,
  tenant_not_found: 404,
  customer_not_found: 404,
  invoice_not_found: 404,
  payment_not_found: 404,
  credit_note_not_found: 404,
  expense_not_found: 404,
  import_not_found: 404,
  account_not_found: 404,
  journal_entry_not_found: 404,
  vendor_not_found: 404,
  bill_not_found: 404,
  product_not_found: 404,
  target_not_found: 404,
  alert_not_found: 404,
  method_not_allowed: 405,
  already_exists: 409,
  number_taken: 409,
  conflict: 409,
  idempotency_key_in_progress: 409,
  invoice_not_draft: 409,
  invoice_not_approved: 409,
  invoice_cancelled: 409,
  invoice_credited: 409,
  payment_reversed: 409,
  payment_failed: 409,
  payment_direction: 409,
  payment_reconciled: 409,
  credit_note_cancelled: 409,
  expense_not_draft: 409,
  account_in_use: 409,
  journal_not_draft: 409,
  journal_not_posted: 409,
  journal_reversed: 409,
  journal_of_document: 409,
  fiscal_year_closed: 409,
  fiscal_year_not_over: 409,
  fiscal_year_order: 409,
  opening_exists: 409,
  opening_too_late: 409,
  expense_cancelled: 409,
  customer_inactive: 409,
  vendor_inactive: 409,
  bill_not_draft: 409,
  bill_not_approved: 409,
  bill_cancelled: 409,
  duplicate_vendor_invoice: 409,
  target_withdrawn: 409,
  alert_acknowledged: 409,
  alert_not_acknowledged: 409,
  alert_escalated: 409,
  alert_resolved: 409,
  version_stale: 412,
  body_too_large: 413,
  media_type_unsupported: 415,
  idempotency_key_reused: 422,
  reference_not_found: 422,
  currency_mismatch: 422,
  customer_mismatch: 422,
  vendor_mismatch: 422,
  withholding_exceeds: 422,
  write_off_exceeds_open: 422,
  fx_rate_required: 422,
  date_order: 422,
  period_closed: 422,
  account_inactive: 422,
  account_control: 422,
  account_class: 422,
  account_cycle: 422,
  journal_unbalanced: 422,
  allocation_exceeds_open: 422,
  credit_exceeds_invoice: 422,
  nothing_open: 422,
  instalments_fixed: 422,
  number_reserved: 422,
  insufficient_stock: 422,
  stock_on_hand: 422,
  product_not_stocked: 422,
  product_inactive: 422,
  rule_refused: 422,
  currency_fixed: 422,
  nothing_changed: 422,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Readonly<Record<string, number>>

export type ProblemCode = keyof typeof STATUSES

export interface FieldError {
  /** JSON pointer into the body. */
  readonly pointer: string
  readonly detail: string
}

export interface RefusalOptions {
  readonly errors?: readonly FieldError[]
  /** The aggregate's version now, where the refusal is about versions. */
  readonly currentVersion?: number
  readonly retryAfterSeconds?: number
  /** Id of the tenant's own validation rule that refused. */
  readonly rule?: string
}

export class Refusal extends NikashError {
  override readonly name = 'Refusal'
  declare readonly code: ProblemCode
  readonly options: RefusalOptions

  constructor(code: ProblemCode, detail: string, options: RefusalOptions = {}) {
    super(code, detail, { recover: options.retryAfterSeconds === undefined ? 'stop' : 'retry' })
    this.options = options
  }

  get status(): number {
    return STATUSES[this.code]
  }
}

/** A refusal that points at one field. */
export const refuseField = (code: ProblemCode, pointer: string, detail: string): Refusal =>
  new Refusal(code, detail, { errors: [{ pointer, detail }] })

/** RFC 9457 body of a refusal. */
export function problemOf(refusal: Refusal, instance?: string): Problem {
  const { errors, currentVersion, rule } = refusal.options
  return toProblem(refusal, STATUSES, {
    ...(instance === undefined ? {} : { instance }),
    extensions: {
      ...(errors ? { errors } : {}),
      ...(currentVersion === undefined ? {} : { currentVersion }),
      ...(rule === undefined ? {} : { rule }),
    },
  })
}
