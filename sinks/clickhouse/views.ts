/**
 * The views that analysts read. Refuses to store anything: a view is its text, made anew when the text changes.
 * V1: one row per thing in its current state, from append-only base tables that hold every event once; so a plain
 * SELECT has no duplicates and needs no FINAL. V2: what the processor refused is in fct_events (with a flag) and in no
 * other view. V3: every view and column has a comment. V4: every view has tenant_id, and reads only rows of it.
 */
import { ALERT_VIEWS } from './alert-views.ts'
import { BOOK_VIEWS } from './book-views.ts'
import { FACT_VIEWS } from './fact-views.ts'
import { LEDGER_VIEWS } from './ledger-views.ts'
import { MASTER_VIEWS } from './master-views.ts'
import { REPORT_VIEWS } from './report-views.ts'
import { SETTLEMENT_VIEWS } from './settlement-views.ts'
import { definitionOf, type View } from './view-definition.ts'

export const VIEW_LIST: readonly View[] = [
  ...FACT_VIEWS,
  ...SETTLEMENT_VIEWS,
  ...BOOK_VIEWS,
  ...MASTER_VIEWS,
  ...LEDGER_VIEWS,
  ...REPORT_VIEWS,
  ...ALERT_VIEWS,
]

/** Statements that make all views. */
export const VIEW_DEFINITIONS: readonly string[] = VIEW_LIST.map(definitionOf)
