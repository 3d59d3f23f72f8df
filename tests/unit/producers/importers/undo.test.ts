import { describe, expect, it } from '@jest/globals'
import type { BatchItem, ImportedThing, ItemOutcome, Page } from '../../../../producers/importers/client.ts'
import { type Left, undoImport, undoingOf } from '../../../../producers/importers/undo.ts'

const thing = (type: string, id: string, more: Partial<ImportedThing> = {}): ImportedThing => ({
  position: 1,
  type,
  id,
  day: '2026-02-01',
  status: 'APPROVED',
  ...more,
})
const customer = {
  customerNumber: 'C-1',
  name: 'Rahim',
  nameBn: null,
  currency: null,
  paymentTermsDays: 30,
  creditLimit: '5000.0000',
  email: null,
  phone: null,
  country: 'BD',
}

/** A store of things, in pages of two; what is undone has ended. */
class Store {
  readonly sent: BatchItem[] = []
  readonly #documents: ImportedThing[]
  readonly #masters: ImportedThing[]
  readonly #refuse: (item: BatchItem) => ItemOutcome['problem']

  constructor(
    documents: readonly ImportedThing[],
    masters: readonly ImportedThing[] = [],
    refuse: (item: BatchItem) => ItemOutcome['problem'] = () => undefined,
  ) {
    this.#documents = [...documents]
    this.#masters = [...masters]
    this.#refuse = refuse
  }

  imported(_id: string, part: 'documents' | 'masters', cursor = '0'): Promise<Page<ImportedThing>> {
    const all = part === 'documents' ? this.#documents : this.#masters
    const from = Number(cursor)
    const hasMore = from + 2 < all.length
    return Promise.resolve({
      data: all.slice(from, from + 2),
      page: { hasMore, nextCursor: hasMore ? String(from + 2) : null },
    })
  }

  batch(_id: string, items: readonly BatchItem[]): Promise<readonly ItemOutcome[]> {
    this.sent.push(...items)
    return Promise.resolve(
      items.map((item): ItemOutcome => {
        const problem = this.#refuse(item)
        if (problem) return { status: 'refused', problem }
        const at = this.#documents.findIndex(({ id }) => id === item.id)
        const there = this.#documents[at]
        if (there) this.#documents[at] = { ...there, status: 'CANCELLED' }
        return { status: 'accepted' }
      }),
    )
  }
}

const undo = async (store: Store) => {
  const left: Left[] = []
  const counts = await undoImport('run-1', store, (one) => left.push(one))
  return { counts, left, sent: store.sent }
}

describe('taking an import back', () => {
  it('ends each thing in the order given, newest first, on its own day', async () => {
    const store = new Store([
      thing('payment', 'p', { day: '2026-02-05', status: 'RECEIVED' }),
      thing('invoice', 'i'),
      thing('bill', 'b', { day: '2026-03-01' }),
      thing('journal-entry', 'j', { status: 'POSTED' }),
    ])
    const { counts, sent } = await undo(store)
    expect(sent.map(({ type, id, body }) => [type, id, body])).toEqual([
      ['payment.fail', 'p', { reason: 'import run-1 is undone', failedDate: '2026-02-05' }],
      ['invoice.cancel', 'i', { reason: 'import run-1 is undone', cancelledDate: '2026-02-01' }],
      ['bill.cancel', 'b', { reason: 'import run-1 is undone', cancelledDate: '2026-03-01' }],
      ['journal-entry.reverse', 'j', { reason: 'import run-1 is undone', reversalDate: '2026-02-01' }],
    ])
    expect(new Set(sent.map(({ key }) => key)).size).toBe(4)
    expect(counts).toEqual({ undone: 4, already: 0, left: 0 })
  })

  it('changes nothing when it is done again', async () => {
    const store = new Store([thing('payment', 'p'), thing('invoice', 'i'), thing('invoice', 'k')])
    await undo(store)
    const again = await undo(store)
    expect(again.counts).toEqual({ undone: 0, already: 3, left: 0 })
    expect(again.sent).toHaveLength(3)
  })

  it('counts what others ended in the meantime, and answers of the same key, as done before', async () => {
    const store = new Store([thing('invoice', 'i'), thing('payment', 'p')], [], ({ id }) =>
      id === 'i' ? { code: 'invoice_cancelled' } : { code: 'payment_failed' },
    )
    expect((await undo(store)).counts).toEqual({ undone: 0, already: 2, left: 0 })
  })

  it('goes on today where the own day is closed, and tells what is refused all the same', async () => {
    const store = new Store(
      [thing('invoice', 'i'), thing('invoice', 'k'), thing('invoice', 'm')],
      [],
      ({ id, body }) => {
        if (id === 'k') return { code: 'conflict', detail: 'somebody else was faster' }
        return 'cancelledDate' in body ? { code: 'period_closed', detail: 'closed' } : undefined
      },
    )
    const { counts, left, sent } = await undo(store)
    expect(counts).toEqual({ undone: 2, already: 0, left: 1 })
    expect(left).toEqual([{ type: 'invoice', id: 'k', reason: 'somebody else was faster' }])
    expect(sent.map(({ id, key }) => `${id} ${key?.split(':').at(-1)}`)).toEqual([
      'i i',
      'k k',
      'i today',
      'm m',
      'm today',
    ])
  })

  it('leaves masters that something depends on, and accounts take themselves out of use', async () => {
    const store = new Store(
      [],
      [
        thing('customer', 'c', { status: null, day: null, usedBy: 2, state: customer }),
        thing('account', '1141', { status: null, day: null, usedBy: 0, state: { active: true } }),
        thing('account', '1142', { status: null, day: null, usedBy: 0, state: { active: false } }),
      ],
    )
    const { counts, left, sent } = await undo(store)
    expect(left).toEqual([{ type: 'customer', id: 'c', reason: '2 documents or balances depend on it' }])
    expect(sent.map(({ type, id }) => [type, id])).toEqual([['account.deactivate', '1141']])
    expect(counts).toEqual({ undone: 1, already: 1, left: 1 })
  })

  it('keeps all fields of a master that is taken out of use', () => {
    const state = { ...customer, active: true, notAField: 1 }
    const item = undoingOf(thing('customer', 'c', { usedBy: 0, state }), 'run-1')
    // Customers of versions that know no inactive ones can't be taken out of use.
    expect([
      {
        type: 'customer.update',
        id: 'c',
        key: 'undo:run-1:customer:c',
        body: { ...customer, active: false },
      },
      { reason: "a customer can't be taken out of use" },
    ]).toContainEqual(item)
  })
})
