/**
 * The general ledger of a tenant by days: panes of the figures of schemas/rules/ledger-groups.ts. PURE.
 *
 * L1: an entry counts on its entry date with all its lines; a reversal is an entry of its own. So entries add up in any
 * order, and nothing of a single one is kept. L2: an entry whose debits and credits differ is refused: no figure could be
 * trusted after it.
 */
import type { EventRecords } from '../../schemas/generated/records.ts'
import {
  addLedger,
  isLedgerZero,
  type LedgerFigures,
  ledgerFiguresOf,
  type LedgerSource,
  NO_LEDGER,
  subtractLedger,
} from '../../schemas/rules/ledger-figures.ts'
import {
  DailyPanes,
  type MonthPanes,
  type PaneIndex,
  type PaneStores,
  type ReadablePanes,
} from '../runtime/window/panes.ts'
import type { Book } from './book.ts'
import { checkBalanced, checkDay } from './checks.ts'

export type LedgerMonth = MonthPanes<LedgerFigures>
export type LedgerIndex = PaneIndex<LedgerFigures>

const PANES = new DailyPanes<LedgerFigures>({
  zero: NO_LEDGER,
  add: addLedger,
  remove: subtractLedger,
  isZero: isLedgerZero,
})

export function entryPosted(e: EventRecords['JournalEntryPosted'], book: Book): void {
  checkDay('entryDate', e.entryDate)
  checkBalanced(e)
  const figures = ledgerFiguresOf(e)
  if (isLedgerZero(figures)) return
  book.moves?.changes(e.entryDate)
  book.post(e.entryDate, figures)
}

/** Writes what one event posts. */
export const applyLedger = (
  changes: readonly (readonly [number, LedgerFigures])[],
  stores: PaneStores<LedgerFigures>,
): boolean => PANES.apply(changes, stores)

/** The stored months as the source of KPIs. */
export const ledgerSource = (stores: ReadablePanes<LedgerFigures>): LedgerSource => PANES.sums(stores)
