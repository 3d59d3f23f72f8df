/** What one command writes: each event followed by its entries, pointers to the date that is closed, nothing in between. */
import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { Refusal } from '../../../../producers/kernel/errors.ts'
import type { DomainEvent } from '../../../../producers/kernel/events.ts'
import { Session } from '../../../../producers/kernel/session.ts'
import type { PostingTable } from '../../../../producers/ledger/posting.ts'
import { stepsOf } from '../../../../producers/ledger/steps.ts'
import { RATE_ONE } from '../../../../schemas/values/amount.ts'
import { formatDay, parseDay } from '../../../../schemas/values/calendar.ts'
import { MemoryBooks } from '../../../support/memory-books.ts'

const NOW = '2026-11-23T06:00:00Z'
const lines = [
  { side: 'debit', role: 'cash', amount: 10_000n },
  { side: 'credit', role: 'revenue', amount: 10_000n },
] as const
const posting = (entryDate: number) => ({
  entryDate,
  description: '',
  number: 'X',
  currency: 'BDT',
  fxRate: RATE_ONE,
  lines,
})
const cancelled = (day: string): DomainEvent => ({
  type: 'InvoiceCancelled',
  data: { cancelledDate: parseDay(day), reason: '' },
})
const invoice = { type: 'invoice', id: 'i' } as const

function openInvoice(): MemoryBooks {
  const books = new MemoryBooks(NOW)
  books.must('customer.create', { id: 'c', name: 'C' })
  books.must('invoice.create', { id: 'i', customerId: 'c', lines: [{ unitPrice: '1.00' }] })
  return books
}

describe('the steps of a command', () => {
  const operation = {
    name: 'x',
    schema: z.strictObject({ otherDate: z.string(), cancelledDate: z.string() }),
  }

  it('have each entry right behind its event, with its version and which of its postings it is', () => {
    const { session } = openInvoice()
    const table: PostingTable = { InvoiceCancelled: () => [posting(20_000), posting(20_001)] }
    const changes = [{ aggregate: invoice, events: [cancelled('2026-11-01'), cancelled('2026-11-02')] }]
    const steps = stepsOf(session, changes, operation, table)
    const journals = steps.map(({ aggregate, event }) =>
      event.type === 'JournalEntryPosted' ? [event.data.sourceVersion, event.data.entryDate] : aggregate.id,
    )
    expect(journals).toEqual(['i', [2, 20_000], [2, 20_001], 'i', [3, 20_000], [3, 20_001]])
    expect(new Set(steps.map((step) => step.aggregate.id)).size).toBe(5)
    expect(session.state('invoice', 'i')?.status).toBe('DRAFT')
  })

  it('let a posting see what the events before it of the same command left', () => {
    const { session } = openInvoice()
    const seen: (string | undefined)[] = []
    const table: PostingTable = {
      InvoiceCancelled: (_event, facts) => {
        seen.push(facts.session.state('invoice', 'i')?.status)
        return []
      },
    }
    stepsOf(
      session,
      [{ aggregate: invoice, events: [cancelled('2026-11-01'), cancelled('2026-11-02')] }],
      operation,
      table,
    )
    expect(seen).toEqual(['DRAFT', 'CANCELLED'])
  })

  it('point at the field whose day is closed, and at none that could not help', () => {
    const books = openInvoice()
    books.must('period.close', { through: '2026-10-31' })
    const pointersOf = (entry: string, command: string, schema = operation.schema) => {
      const table: PostingTable = { InvoiceCancelled: () => [posting(parseDay(entry))] }
      try {
        stepsOf(
          books.session,
          [{ aggregate: invoice, events: [cancelled(command)] }],
          { name: 'x', schema },
          table,
        )
        return 'accepted'
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return [error.code, ...(error.options.errors ?? []).map((one) => one.pointer)]
      }
    }
    expect(pointersOf('2026-10-31', '2026-10-31')).toEqual(['period_closed', '/cancelledDate'])
    // Later than what the command said: the document's own day. A later day in the command would help.
    expect(pointersOf('2026-10-31', '2026-10-01')).toEqual(['period_closed', '/cancelledDate'])
    // The command's day is open, the document's is not.
    expect(pointersOf('2026-10-31', '2026-11-05')).toEqual(['period_closed'])
    expect(pointersOf('2026-11-01', '2026-11-01')).toBe('accepted')
    expect(formatDay(books.session.chart().closedThrough ?? 0)).toBe('2026-10-31')
  })
})

describe('a session without a chart', () => {
  it('posts nothing silently', () => {
    const session = new Session('books', Date.parse(NOW))
    session.adoptAggregates([{ type: 'tenant', id: 'books' }, invoice], [])
    const data = { name: 'B', zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart: '07-01' }
    session.append(0, { type: 'tenant', id: 'books' }, [{ type: 'TenantRegistered', data }], '')
    const table: PostingTable = { ExpenseApproved: () => [posting(1)] }
    const approved = { type: 'ExpenseApproved', data: {} } as unknown as DomainEvent
    const work = () =>
      stepsOf(
        session,
        [{ aggregate: { type: 'expense', id: 'e' }, events: [approved] }],
        { name: 'x', schema: z.string() },
        table,
      )
    expect(work).toThrow(/the chart was not loaded/)
  })
})
