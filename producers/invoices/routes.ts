/** Owns the operations of invoices. */
import { counterOf, periodOf, serialOf } from '../kernel/serials.ts'
import { isForeign } from '../kernel/documents.ts'
import { productsOf } from '../kernel/lines.ts'
import type { AggregateRef, Operation, Target } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { accountsOfLines } from '../ledger/stated.ts'
import {
  type ApproveInvoice,
  approveInvoice,
  type CancelInvoice,
  cancelInvoice,
  type ChangeDueDate,
  changeDueDate,
  type CreateInvoice,
  createInvoice,
  type DisputeInvoice,
  disputeInvoice,
  type WriteOffInvoice,
  writeOffInvoice,
} from './commands.ts'
import {
  decideApprove,
  decideCancel,
  decideCreate,
  decideDispute,
  decideDueDate,
  decideWriteOff,
  givesMushakNumber,
  type InvoiceFacts,
} from './decide.ts'

const numbered = (command: CreateInvoice) =>
  ({ kind: 'invoice', given: command.invoiceNumber, date: command.invoiceDate }) as const

const mushakAtOnce = (session: Session, command: CreateInvoice): boolean =>
  command.status === 'APPROVED' && givesMushakNumber(session.tenant().currency, command.issuedElsewhere)

const create: Operation<CreateInvoice> = {
  name: 'invoice.create',
  summary: 'Writes an invoice, as a draft or approved at once',
  path: '/v1/invoices',
  role: 'writer',
  aggregate: 'invoice',
  creates: true,
  money: true,
  schema: createInvoice,
  idOf: (command) => command.id,
  accounts: ({ lines }) => accountsOfLines(lines),
  needs: ({ command }) => ({
    read: [{ type: 'customer', id: command.customerId }, ...productsOf(command.lines)],
    numbers: command.invoiceNumber === undefined ? [] : [{ kind: 'invoice', number: command.invoiceNumber }],
  }),
  counters: (session, { command }) => [
    ...counterOf(session, numbered(command)),
    ...(mushakAtOnce(session, command)
      ? [{ kind: 'mushak' as const, period: periodOf(session, command.invoiceDate) }]
      : []),
  ],
  decide: (session, { id, command }) =>
    decideCreate(session.state('invoice', id), command, {
      ...session.facts(),
      id,
      customer: session.state('customer', command.customerId) ?? undefined,
      productOf: (productId) => session.state('product', productId) ?? undefined,
      numberOwner: session.numberOwner('invoice', command.invoiceNumber),
      serials: {
        invoice: serialOf(session, numbered(command)),
        mushak: mushakAtOnce(session, command)
          ? session.nextSerial('mushak', periodOf(session, command.invoiceDate))
          : 0,
      },
    }),
}

/** A draft of a tenant that gives Mushak numbers takes one when it is approved. */
const mushakPeriod = (session: Session, id: string): string | undefined => {
  const invoice = session.state('invoice', id)
  return invoice?.status === 'DRAFT' && givesMushakNumber(session.tenant().currency, false)
    ? invoice.fiscalYear
    : undefined
}

const factsOf = (session: Session, { id }: Target<unknown>): InvoiceFacts => ({
  ...session.facts(),
  id,
  serials: { mushak: 0 },
})

const approve: Operation<ApproveInvoice> = {
  name: 'invoice.approve',
  summary: 'Makes a draft binding: from its invoice date it counts',
  path: '/v1/invoices/:id/approve',
  role: 'writer',
  aggregate: 'invoice',
  creates: false,
  money: true,
  schema: approveInvoice,
  counters: (session, { id }) => {
    const period = mushakPeriod(session, id)
    return period === undefined ? [] : [{ kind: 'mushak', period }]
  },
  decide: (session, target) => {
    const period = mushakPeriod(session, target.id)
    const mushak = period === undefined ? 0 : session.nextSerial('mushak', period)
    return decideApprove(session.state('invoice', target.id), target.command, {
      ...factsOf(session, target),
      serials: { mushak },
    })
  },
}

/** What settles an invoice, where the books have to know its other settlements too. */
function sourcesOf(session: Session, id: string): readonly AggregateRef[] {
  if (!isForeign(session.state('invoice', id), session.tenant())) return []
  return session
    .allocationsOf('invoice', id)
    .flatMap(({ sourceType, sourceId }) =>
      sourceType === 'write-off' ? [] : [{ type: sourceType, id: sourceId }],
    )
}

const cancel: Operation<CancelInvoice> = {
  name: 'invoice.cancel',
  summary: 'Voids an invoice; what is open of it leaves the books on that day',
  path: '/v1/invoices/:id/cancel',
  role: 'writer',
  aggregate: 'invoice',
  creates: false,
  money: true,
  schema: cancelInvoice,
  needs: ({ id }) => ({ allocations: true, creditNotes: [id] }),
  counterparts: (session, { id }) => sourcesOf(session, id),
  decide: (session, target) =>
    decideCancel(session.state('invoice', target.id), target.command, {
      ...factsOf(session, target),
      creditNotes: session.creditNotesOf(target.id),
    }),
}

const dueDate: Operation<ChangeDueDate> = {
  name: 'invoice.due-date',
  summary: 'Moves the due date of an invoice',
  path: '/v1/invoices/:id/due-date',
  role: 'writer',
  aggregate: 'invoice',
  creates: false,
  money: true,
  schema: changeDueDate,
  decide: (session, target) =>
    decideDueDate(session.state('invoice', target.id), target.command, factsOf(session, target)),
}

const writeOff: Operation<WriteOffInvoice> = {
  name: 'invoice.write-off',
  summary: 'Gives up what is open of an invoice, or a part of it: bad debt',
  path: '/v1/invoices/:id/write-off',
  role: 'writer',
  aggregate: 'invoice',
  creates: false,
  money: true,
  schema: writeOffInvoice,
  needs: () => ({ allocations: true }),
  decide: (session, { id, command }) =>
    decideWriteOff(session.state('invoice', id), command, {
      ...session.facts(),
      id,
      allocations: session.allocationsOf('invoice', id),
    }),
}

const dispute: Operation<DisputeInvoice> = {
  name: 'invoice.dispute',
  summary: 'Marks an invoice as disputed by the customer from a day on, or not any more',
  path: '/v1/invoices/:id/dispute',
  role: 'writer',
  aggregate: 'invoice',
  creates: false,
  money: false,
  schema: disputeInvoice,
  decide: (session, { id, command }) =>
    decideDispute(session.state('invoice', id), command, { ...session.facts(), id }),
}

export const invoiceOperations: readonly Operation[] = [create, approve, cancel, dueDate, writeOff, dispute]
