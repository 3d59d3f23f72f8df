/** On the running stack: the aging that the processors keep in Redis is the one that SQL finds in the facts, on both sides. */
import { expect, it } from '@jest/globals'
import { openBooks } from '../support/books.ts'
import { command, eventually } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'

const daysAgo = (n: number): string => new Date(Date.now() - n * 86_400_000).toISOString().slice(0, 10)

describeStack('live aging', ['commandsUrl', 'apiUrl', 'jwtAccessSecret'], (stack) => {
  it('equals the as-of query of today for both sides, both bases, in total and by party', async () => {
    const books = await openBooks(stack)
    const post = (path: string, body: object) =>
      command<{ id: string }>(stack.commandsUrl, path, books.writer, body)
    const get = async (path: string) => {
      const response = await fetch(stack.apiUrl + path, {
        headers: { authorization: `Bearer ${books.reader}` },
      })
      return (await response.json()) as Record<string, unknown>
    }
    await post('/v1/vendors', { id: 'vend-1', name: 'Meghna Paper', tin: '123456789012' })
    const invoice = await books.invoice('1000.00', { invoiceDate: daysAgo(50), dueDate: daysAgo(40) })
    await books.payment('300.00', { allocations: [{ invoiceId: invoice, amount: '250.00' }] })
    const bill = await post('/v1/bills', {
      vendorId: 'vend-1',
      status: 'APPROVED',
      billDate: daysAgo(80),
      dueDate: daysAgo(70),
      tdsRate: '0.05',
      lines: [{ description: 'paper', unitPrice: '2000.00', vatCode: 'none', category: 'office' }],
    })
    await post('/v1/payments', {
      direction: 'out',
      vendorId: 'vend-1',
      amount: '700.00',
      allocations: [{ billId: bill.id, amount: '600.00' }],
    })
    const expected = { receivables: '700.00', payables: '1200.00' }
    for (const side of ['receivables', 'payables'] as const) {
      const party = side === 'receivables' ? 'customer' : 'vendor'
      for (const query of ['basis=due', 'basis=posting', `basis=due&groupBy=${party}`]) {
        await eventually(`the live ${side} by ${query} to be those of the facts`, async () => {
          const live = await get(`/v1/${side}/aging?${query}`)
          // Asked in the second clock, the answer comes from the facts.
          const facts = await get(`/v1/${side}/aging?${query}&knownAt=2290-01-01T00:00:00Z`)
          expect([live['source'], facts['source']]).toEqual(['redis', 'clickhouse'])
          expect(live['total']).toEqual({ amount: expected[side], currency: 'BDT' })
          const figures = (of: typeof live) => ({ ...of, source: '', watermark: '', knownAt: '', page: '' })
          expect(figures(live)).toEqual(figures(facts))
        })
      }
    }
  })
})
