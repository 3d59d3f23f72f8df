/**
 * Owns what the events of bills mean for the general ledger. PURE.
 * approved:    expense or goods in transit (net + SD + VAT that can't be credited), input VAT / payables, VDS, TDS
 * written off: payables / payable forgiven
 * cancelled:   exactly what approval and write-offs posted, the other way round
 * B1: payables get what is owed to the vendor alone: total - VDS - TDS.
 * B2: the payables of a bill are convert(open, its rate) on every day (payments/control.ts).
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { BillLine } from '../../schemas/generated/records.ts'
import type { DomainEvent } from '../kernel/events.ts'
import type { Posting, PostingFacts, PostingLine, PostingTable } from '../ledger/posting.ts'
import { opposite } from '../payments/control.ts'
import type { BillState } from './evolve.ts'
import { payablePostings } from './payables.ts'
import { billOf, billSettlementsOf, payableOf } from './settlements.ts'

type Billed = Pick<
  BillState,
  | 'billNumber'
  | 'vendorId'
  | 'vendorName'
  | 'currency'
  | 'fxRate'
  | 'billDate'
  | 'total'
  | 'vdsWithheld'
  | 'tdsWithheld'
  | 'lines'
>

const partyOf = ({ vendorId }: Pick<Billed, 'vendorId'>) => ({ type: 'vendor', id: vendorId }) as const

/** What a line costs: its VAT too, where that can't be credited. */
const costLine = (line: BillLine): PostingLine => ({
  side: 'debit',
  ...(line.stocked
    ? { role: 'goods-in-transit' }
    : {
        role: 'expense',
        ...(line.category === '' ? {} : { key: line.category }),
        accountId: line.accountId,
      }),
  amount: line.netAmount + line.sdAmount + (line.vatCreditable ? 0n : line.vatAmount),
  productId: line.productId,
  department: line.department,
  memo: line.description,
})

/** Input VAT by code. */
function inputVat(lines: readonly BillLine[]): readonly PostingLine[] {
  const byCode = new Map<string, bigint>()
  for (const { vatCode, vatAmount, vatCreditable } of lines) {
    if (vatCreditable && vatAmount > 0n) byCode.set(vatCode, (byCode.get(vatCode) ?? 0n) + vatAmount)
  }
  return Array.from(byCode, ([taxCode, amount]) => ({ side: 'debit', role: 'input-vat', amount, taxCode }))
}

function billLines(bill: Billed): readonly PostingLine[] {
  const party = partyOf(bill)
  return [
    ...bill.lines.map(costLine),
    ...inputVat(bill.lines),
    { side: 'credit', role: 'payables', amount: payableOf(bill), party },
    { side: 'credit', role: 'vds-payable', amount: bill.vdsWithheld, party },
    { side: 'credit', role: 'tds-payable', amount: bill.tdsWithheld, party },
  ]
}

function entry(bill: Billed, entryDate: EpochDay, what: string, lines: readonly PostingLine[]): Posting {
  const { billNumber: number, currency, fxRate } = bill
  const description = `${what} ${number} of ${bill.vendorName}`
  return { entryDate, description, number, currency, fxRate, lines }
}

const approval = (bill: Billed): readonly [Posting] => [entry(bill, bill.billDate, 'Bill', billLines(bill))]

const forgiven = (bill: Billed, amount: bigint): readonly PostingLine[] => [
  { side: 'debit', role: 'payables', amount, party: partyOf(bill) },
  { side: 'credit', role: 'payable-forgiven', amount },
]

function writtenOff(event: DomainEvent<'BillWrittenOff'>, facts: PostingFacts): readonly Posting[] {
  const bill = billOf(facts.id, facts.session)
  const { amount, writeOffDate } = event.data
  const day = Math.max(writeOffDate, bill.billDate)
  return payablePostings(event, facts, [entry(bill, day, 'Write-off of bill', forgiven(bill, amount))])
}

function cancelled(event: DomainEvent<'BillCancelled'>, facts: PostingFacts): readonly Posting[] {
  const bill = billOf(facts.id, facts.session)
  if (bill.status !== 'APPROVED') return []
  const [own] = approval(bill)
  const day = Math.max(event.data.cancelledDate, bill.billDate)
  const ended = billSettlementsOf(event, facts.id, 0, facts.session)
  const writeOffs = ended.flatMap(({ sourceType, amount, toDay }) =>
    sourceType === 'write-off' && toDay !== null
      ? [entry(bill, toDay, 'Write-off of bill', forgiven(bill, amount))]
      : [],
  )
  return payablePostings(event, facts, [
    opposite(own, day, `${own.description} cancelled`),
    ...writeOffs.map((one) => opposite(one, one.entryDate, `${one.description} cancelled`)),
  ])
}

export const billPostings = {
  BillReceived: ({ data }) => (data.status === 'APPROVED' ? approval(data) : []),
  BillApproved: ({ data }) => approval(data),
  BillWrittenOff: writtenOff,
  BillCancelled: cancelled,
} as const satisfies PostingTable
