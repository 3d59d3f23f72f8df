/** The companies (documents.ts) as the events that the command side would have published: masters, documents, entries. */
import { DEFAULT_CHART } from '../../../producers/ledger/default-chart.ts'
import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import type {
  EventRecords,
  EventType,
  FinanceEvent,
  JournalLine,
} from '../../../schemas/generated/records.ts'
import { RATE_ONE } from '../../../schemas/values/amount.ts'
import { fiscalYearName } from '../../../schemas/values/calendar.ts'
import type { Company, Document } from './documents.ts'

export const FISCAL_YEAR_START = '07-01'
const DAY_MS = 86_400_000
/** Ten-thousandths in a poisha. */
const POISHA = 100n

/** Accounts that the entries are on. */
const CODES = ['1110', '1200', '1310', '2210', '4010', '6100'] as const
type Code = (typeof CODES)[number]

const ACCOUNTS = new Map(
  CODES.map((code) => {
    const account = DEFAULT_CHART.find((one) => one.code === code)
    if (account === undefined) throw new Error(`the default chart has no account ${code}`)
    return [code, account] as const
  }),
)

/** By account, above zero a debit: what a document moves in the ledger. */
export function sidesOf(one: Document): readonly (readonly [Code, number])[] {
  if (one.kind === 'invoice')
    return [
      ['1200', one.net + one.vat],
      ['4010', -one.net],
      ['2210', -one.vat],
    ]
  if (one.kind === 'payment')
    return [
      ['1110', one.amount],
      ['1200', -one.amount],
    ]
  return [
    ['6100', one.net],
    ['1310', one.vat],
    ['1110', -one.net - one.vat],
  ]
}

export function lineOf(code: Code, poisha: number, party = ''): JournalLine {
  const account = ACCOUNTS.get(code)
  if (account === undefined) throw new Error(`no account ${code}`)
  const amount = BigInt(Math.abs(poisha)) * POISHA
  return {
    accountId: code,
    accountCode: account.code,
    accountName: account.name,
    accountClass: account.accountClass,
    accountSubtype: account.subtype,
    debit: poisha > 0 ? amount : 0n,
    credit: poisha < 0 ? amount : 0n,
    amount,
    partyType: code === '1200' ? 'customer' : '',
    partyId: code === '1200' ? party : '',
    productId: '',
    taxCode: code === '2210' || code === '1310' ? 'standard' : '',
    department: '',
    memo: '',
    cashFlow: account.cashFlow,
  }
}

type Own<T extends EventType> = Partial<EventRecords[T]>

/** Events of a company in the order of its log: masters first, then each document and its entry. */
export function* eventsOf({ tenant, customers, documents }: Company): Generator<FinanceEvent> {
  let number = 0
  const event = <T extends EventType>(type: T, kind: string, id: string, at: number, own: Own<T>) =>
    ({
      type,
      data: {
        ...defaultsOf(type),
        eventId: `${tenant}-${++number}`,
        tenantId: tenant,
        aggregateType: kind,
        aggregateId: id,
        aggregateVersion: 1,
        schemaVersion: 1,
        occurredAt: at,
        recordedAt: at,
        actor: 'user:bench',
        correlationId: null,
        causationId: null,
        ...own,
      },
    }) as unknown as FinanceEvent
  const start = (documents[0]?.day ?? 0) * DAY_MS
  yield event('TenantRegistered', 'tenant', tenant, start, {
    name: tenant,
    zone: 'Asia/Dhaka',
    currency: 'BDT',
    fiscalYearStart: FISCAL_YEAR_START,
  })
  for (const account of DEFAULT_CHART) yield event('AccountCreated', 'account', account.code, start, account)
  for (let i = 0; i < customers; i++)
    yield event('CustomerCreated', 'customer', `c${i}`, start, {
      customerNumber: `C-${i}`,
      name: `Customer ${i}`,
      active: true,
    })
  for (const [at, one] of documents.entries()) {
    const time = one.day * DAY_MS + 6 * 3_600_000
    const id = `${one.kind}-${at}`
    const money = { currency: 'BDT', fxRate: RATE_ONE }
    const party = one.kind === 'expense' ? '' : `c${one.customer}`
    const fiscalYear = fiscalYearName(one.day, FISCAL_YEAR_START)
    if (one.kind === 'invoice')
      yield event('InvoiceCreated', 'invoice', id, time, {
        invoiceNumber: `INV-${at}`,
        customerId: party,
        customerName: `Customer ${one.customer}`,
        ...money,
        invoiceDate: one.day,
        dueDate: one.due,
        category: 'goods',
        productCategory: 'rice',
        subtotal: BigInt(one.net) * POISHA,
        vatAmount: BigInt(one.vat) * POISHA,
        total: BigInt(one.net + one.vat) * POISHA,
        status: 'APPROVED',
        mushakNumber: null,
        fiscalYear,
        disputed: one.disputed,
        reference: '',
        lines: [],
      })
    else if (one.kind === 'payment')
      yield event('PaymentReceived', 'payment', id, time, {
        paymentNumber: `PAY-${at}`,
        customerId: party,
        customerName: `Customer ${one.customer}`,
        method: 'bank',
        reference: '',
        ...money,
        paymentDate: one.day,
        amount: BigInt(one.amount) * POISHA,
        allocations: [{ invoiceId: `invoice-${one.invoice}`, amount: BigInt(one.applied) * POISHA }],
      })
    else
      yield event('ExpenseApproved', 'expense', id, time, {
        expenseNumber: `EXP-${at}`,
        category: 'rent',
        vendorId: 'v1',
        vendorName: 'Landlord',
        department: 'office',
        description: 'rent',
        ...money,
        expenseDate: one.day,
        netAmount: BigInt(one.net) * POISHA,
        vatAmount: BigInt(one.vat) * POISHA,
        total: BigInt(one.net + one.vat) * POISHA,
        approvedDate: one.day,
      })
    const lines = sidesOf(one).map(([code, poisha]) => lineOf(code, poisha, party))
    yield event('JournalEntryPosted', 'journal-entry', `j-${at}`, time, {
      journalNumber: `J-${at}`,
      entryDate: one.day,
      fiscalYear,
      kind: 'DOCUMENT',
      description: one.kind,
      ...money,
      sourceType: one.kind,
      sourceId: id,
      sourceVersion: 1,
      reversesId: null,
      total: lines.reduce((sum, { debit }) => sum + debit, 0n),
      lines,
    })
  }
}
