/** Owns the operations of credit notes. */
import { givesMushakNumber } from '../invoices/decide.ts'
import { productsOf } from '../kernel/lines.ts'
import type { AggregateRef, Needs, Operation } from '../kernel/operation.ts'
import { counterOf, periodOf, serialOf } from '../kernel/serials.ts'
import type { Session } from '../kernel/session.ts'
import { accountsOfLines } from '../ledger/stated.ts'
import { allocationFacts, settledBy } from '../payments/allocate.ts'
import {
  type AllocateCreditNote,
  allocateCreditNote,
  type CancelCreditNote,
  cancelCreditNote,
  type IssueCreditNote,
  issueCreditNote,
} from './commands.ts'
import { decideAllocate, decideCancel, decideIssue } from './decide.ts'

const numbered = (command: IssueCreditNote) =>
  ({ kind: 'credit-note', given: command.creditNoteNumber, date: command.creditDate }) as const

const mushakAtOnce = (session: Session, command: IssueCreditNote): boolean =>
  givesMushakNumber(session.tenant().currency, command.issuedElsewhere)

function needsOf({ command }: { readonly command: IssueCreditNote }): Needs {
  const { invoiceId, customerId, creditNoteNumber, allocations = [] } = command
  const invoices = new Set(allocations.map((one) => one.invoiceId))
  if (invoiceId !== undefined) invoices.add(invoiceId)
  return {
    lock: Array.from(invoices, (id): AggregateRef => ({ type: 'invoice', id })),
    allocations: true,
    creditNotes: invoiceId === undefined ? [] : [invoiceId],
    read: [
      ...(customerId === undefined ? [] : [{ type: 'customer', id: customerId } as const]),
      ...productsOf(command.lines),
    ],
    numbers: creditNoteNumber === undefined ? [] : [{ kind: 'credit-note', number: creditNoteNumber }],
  }
}

const issue: Operation<IssueCreditNote> = {
  name: 'credit-note.issue',
  summary: 'Takes back revenue and VAT of an invoice, or credits a customer without one',
  path: '/v1/credit-notes',
  role: 'writer',
  aggregate: 'credit-note',
  creates: true,
  money: true,
  schema: issueCreditNote,
  idOf: (command) => command.id,
  accounts: ({ lines }) => accountsOfLines(lines),
  needs: needsOf,
  counters: (session, { command }) => [
    ...counterOf(session, numbered(command)),
    ...(mushakAtOnce(session, command)
      ? [{ kind: 'mushak-6.7' as const, period: periodOf(session, command.creditDate) }]
      : []),
  ],
  decide: (session, { id, command }) =>
    decideIssue(session.state('credit-note', id), command, {
      ...session.facts(),
      ...allocationFacts(session),
      id,
      customer:
        command.customerId === undefined
          ? undefined
          : (session.state('customer', command.customerId) ?? undefined),
      productOf: (productId) => session.state('product', productId) ?? undefined,
      creditNotes: command.invoiceId === undefined ? [] : session.creditNotesOf(command.invoiceId),
      numberOwner: session.numberOwner('credit-note', command.creditNoteNumber),
      serials: {
        creditNote: serialOf(session, numbered(command)),
        mushak: mushakAtOnce(session, command)
          ? session.nextSerial('mushak-6.7', periodOf(session, command.creditDate))
          : 0,
      },
    }),
}

const allocate: Operation<AllocateCreditNote> = {
  name: 'credit-note.allocate',
  summary: 'Settles invoices with what is unapplied of a credit note',
  path: '/v1/credit-notes/:id/allocate',
  role: 'writer',
  aggregate: 'credit-note',
  creates: false,
  money: true,
  schema: allocateCreditNote,
  needs: ({ command }) => ({
    lock: command.allocations.map(({ invoiceId }) => ({ type: 'invoice', id: invoiceId })),
    allocations: true,
  }),
  decide: (session, { id, command }) =>
    decideAllocate(session.state('credit-note', id), command, {
      ...session.facts(),
      ...allocationFacts(session),
      id,
      allocationsOfCreditNote: session.allocationsOf('credit-note', id),
    }),
}

const cancel: Operation<CancelCreditNote> = {
  name: 'credit-note.cancel',
  summary: 'Takes a credit note back from a day on; what it settled is open again',
  path: '/v1/credit-notes/:id/cancel',
  role: 'writer',
  aggregate: 'credit-note',
  creates: false,
  money: true,
  schema: cancelCreditNote,
  needs: () => ({ allocations: true }),
  counterparts: (session, { id }) => settledBy(session, 'credit-note', id),
  decide: (session, { id, command }) =>
    decideCancel(session.state('credit-note', id), command, { ...session.facts(), id }),
}

export const creditNoteOperations: readonly Operation[] = [issue, allocate, cancel]
