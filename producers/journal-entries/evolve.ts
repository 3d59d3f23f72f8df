/**
 * Owns the life of a journal entry. PURE.
 *
 *   (none) --JournalEntryCreated--> DRAFT --JournalEntryPosted--> POSTED --JournalEntryReversed--> REVERSED
 *      `--------JournalEntryPosted (posted at once, or by a document)--^
 *
 * J1: what is posted is never edited: a reversal is an entry of its own, and the reversed one stays as it is.
 * J2: lines are kept where they are needed again: of drafts, and of entries that a person may reverse.
 */
import { type DomainEvent, type Payload, unexpectedEvent } from '../kernel/events.ts'

export type JournalEntryState = Payload<'JournalEntryPosted'> & {
  readonly status: 'DRAFT' | 'POSTED' | 'REVERSED'
  /** The entry that reversed it. */
  readonly reversalId?: string
}

export type JournalEntryEvent = DomainEvent<
  'JournalEntryCreated' | 'JournalEntryPosted' | 'JournalEntryReversed'
>

export function evolveJournalEntry(
  state: JournalEntryState | null,
  event: JournalEntryEvent,
): JournalEntryState {
  switch (event.type) {
    case 'JournalEntryCreated':
      return { ...event.data, status: 'DRAFT' }
    case 'JournalEntryPosted': {
      const { kind, lines } = event.data
      const kept = kind === 'MANUAL' || kind === 'OPENING' ? lines : []
      return { ...event.data, lines: kept, status: 'POSTED' }
    }
    case 'JournalEntryReversed':
      if (!state) return unexpectedEvent('a journal entry that was not posted', event)
      return { ...state, status: 'REVERSED', reversalId: event.data.reversalId }
  }
}
