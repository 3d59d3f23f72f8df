import { describe, expect, it } from '@jest/globals'
import type { CommandRequest } from '../../../../producers/kernel/command.ts'
import { KnownTenants } from '../../../../producers/kernel/known-tenants.ts'
import { OPERATIONS } from '../../../../producers/kernel/catalogue.ts'
import type { StoredAggregate } from '../../../../producers/kernel/session.ts'

const NOW = Date.parse('2026-07-01T12:00:00Z')
const tenant = (fiscalYearStart: string): StoredAggregate =>
  ({
    type: 'tenant',
    id: 'acme',
    version: 1,
    createdDigest: '',
    state: { name: 'acme', zone: 'Asia/Dhaka', currency: 'BDT', fiscalYearStart },
  }) as unknown as StoredAggregate

function request(name: string, body: object): CommandRequest {
  const operation = OPERATIONS.find((one) => one.name === name)
  if (!operation) throw new Error(`no operation ${name}`)
  const metadata = { actor: 'user:t', correlationId: null, causationId: null, traceparent: null }
  return { operation, id: 'x', command: operation.schema.parse(body), metadata }
}
const invoice = request('invoice.create', {
  customerId: 'c',
  status: 'APPROVED',
  lines: [{ unitPrice: '1.00' }],
})
const expense = request('expense.record', { category: 'rent', netAmount: '9.00', expenseDate: '2026-06-30' })

describe('counters that are guessed', () => {
  it('follow from the tenant alone: each once, of the fiscal year that its settings say', () => {
    const known = new KnownTenants()
    known.remember(tenant('07-01'))
    expect(known.countersOf('acme', NOW, [invoice, expense, invoice])).toEqual([
      { kind: 'invoice', period: '2026-27' },
      { kind: 'mushak', period: '2026-27' },
      { kind: 'expense', period: '2025-26' },
    ])
    known.remember(tenant('01-01'))
    expect(known.countersOf('acme', NOW, [expense])).toEqual([{ kind: 'expense', period: '2026' }])
  })

  it('are none where nothing is known, or where knowing takes more than the tenant', () => {
    const known = new KnownTenants()
    expect(known.countersOf('acme', NOW, [invoice])).toEqual([])
    known.remember(tenant('07-01'))
    expect(known.countersOf('acme', NOW, [request('invoice.approve', {})])).toEqual([])
  })

  it('are none beside an operation that locks more aggregates later: counters come after all of them (K2)', () => {
    const known = new KnownTenants()
    known.remember(tenant('07-01'))
    const cancel = request('invoice.cancel', { reason: 'wrong' })
    expect('counterparts' in cancel.operation).toBe(true)
    expect(known.countersOf('acme', NOW, [invoice, cancel])).toEqual([])
  })
})
