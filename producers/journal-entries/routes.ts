/** Owns the operations of journal entries and opening balances. */
import { parseDay } from '../../schemas/values/calendar.ts'
import { counterOf, periodOf, serialOf } from '../kernel/serials.ts'
import type { CounterRef, Operation, Target } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { CHART_COUNTER } from '../ledger/chart.ts'
import {
  type CreateJournalEntry,
  createJournalEntry,
  type OpeningBalances,
  openingBalances,
  type PostJournalEntry,
  postJournalEntry,
  type ReverseJournalEntry,
  reverseJournalEntry,
} from './commands.ts'
import { decideCreate, decidePost, decideReverse, type JournalFacts, reversalOf } from './decide.ts'
import { decideOpening } from './opening.ts'

/** Before any day that a command can carry. */
const FIRST_DAY = parseDay('1900-01-01')

const ofEntries = { role: 'writer', aggregate: 'journal-entry', money: true } as const

const factsOf = (session: Session, { id }: Target<unknown>): JournalFacts => ({
  ...session.facts(),
  id,
  chart: session.chart(),
})

const numbered = (command: CreateJournalEntry) =>
  ({ kind: 'journal', given: command.journalNumber, date: command.entryDate }) as const

const create: Operation<CreateJournalEntry> = {
  ...ofEntries,
  name: 'journal-entry.create',
  summary: 'Writes a journal entry, as a draft or posted at once',
  path: '/v1/journal-entries',
  creates: true,
  schema: createJournalEntry,
  idOf: (command) => command.id,
  needs: ({ command }) => ({
    numbers: command.journalNumber === undefined ? [] : [{ kind: 'journal', number: command.journalNumber }],
  }),
  counters: (session, { command }) => counterOf(session, numbered(command)),
  decide: (session, target) =>
    decideCreate(session.state('journal-entry', target.id), target.command, {
      ...factsOf(session, target),
      numberOwner: session.numberOwner('journal', target.command.journalNumber),
      serial: serialOf(session, numbered(target.command)),
    }),
}

const post: Operation<PostJournalEntry> = {
  ...ofEntries,
  name: 'journal-entry.post',
  summary: 'Posts a draft to the general ledger',
  path: '/v1/journal-entries/:id/post',
  creates: false,
  schema: postJournalEntry,
  decide: (session, target) =>
    decidePost(session.state('journal-entry', target.id), target.command, factsOf(session, target)),
}

/** The fiscal year of the reversal's day, as decideReverse chooses it. */
function reversalCounter(session: Session, { id, command }: Target<ReverseJournalEntry>): CounterRef {
  const entry = session.state('journal-entry', id)
  const day = command.reversalDate ?? Math.max(session.facts().today, entry?.entryDate ?? 0)
  return { kind: 'journal', period: periodOf(session, day) }
}

const versioned = (session: Session, target: Target<ReverseJournalEntry>) => ({
  ...factsOf(session, target),
  version: session.aggregate('journal-entry', target.id)?.version ?? 0,
})

const reverse: Operation<ReverseJournalEntry> = {
  ...ofEntries,
  name: 'journal-entry.reverse',
  summary: 'Reverses a posted entry by an entry of its own, once',
  path: '/v1/journal-entries/:id/reverse',
  creates: false,
  // Reversed opening balances end the cut-off, which is part of the chart.
  ledger: 'changes',
  schema: reverseJournalEntry,
  counters: (session, target) => [CHART_COUNTER, reversalCounter(session, target)],
  decide: (session, target) =>
    decideReverse(session.state('journal-entry', target.id), target.command, versioned(session, target)),
  follows: (session, target, events) => {
    const entry = session.state('journal-entry', target.id)
    const [event] = events
    if (!entry || event?.type !== 'JournalEntryReversed') return []
    const serial = session.nextSerial('journal', reversalCounter(session, target).period)
    const data = reversalOf(entry, event.data, { ...versioned(session, target), serial })
    const aggregate = { type: 'journal-entry', id: event.data.reversalId } as const
    return [{ aggregate, events: [{ type: 'JournalEntryPosted', data }] }]
  },
}

const opening: Operation<OpeningBalances> = {
  ...ofEntries,
  name: 'opening-balances.set',
  summary: 'Takes over the balances of the old books at the end of a day; open items follow as documents',
  path: '/v1/opening-balances',
  location: '/v1/journal-entries',
  creates: true,
  ledger: 'changes',
  schema: openingBalances,
  idOf: (command) => command.id,
  counters: (session, { command }) => [
    CHART_COUNTER,
    { kind: 'journal', period: periodOf(session, command.cutOff) },
  ],
  balances: (_session, { command }) => ({ from: FIRST_DAY, to: command.cutOff }),
  decide: (session, target) =>
    decideOpening(session.state('journal-entry', target.id), target.command, {
      ...factsOf(session, target),
      serial: session.nextSerial('journal', periodOf(session, target.command.cutOff)),
      sums: session.sums(),
    }),
}

export const journalEntryOperations: readonly Operation[] = [create, post, reverse, opening]
