/**
 * Owns the ledger accounts that a command states itself: each exists, is active and no control account of another
 * subledger, or the command is refused at the field. Drafts too: they would be refused when they are approved, where
 * there is no field to point at. PURE.
 */
import type { Chart, Control } from './chart.ts'
import { usable } from './journal.ts'

export interface StatedAccount {
  /** JSON pointer into the command. */
  readonly pointer: string
  /** None: the posting rules say which. */
  readonly id: string | null | undefined
  /** Subledger whose control account it has to be; none when not given. */
  readonly control?: Control
}

export const accountsOfLines = (
  lines: readonly { readonly accountId?: string | undefined }[] = [],
): readonly StatedAccount[] =>
  lines.map(({ accountId }, index) => ({ pointer: `/lines/${index}/accountId`, id: accountId }))

export function refuseUnusable(chart: Chart, stated: readonly StatedAccount[]): void {
  for (const { pointer, id, control = '' } of stated) {
    if (id !== null && id !== undefined) usable(chart, id, control, pointer)
  }
}
