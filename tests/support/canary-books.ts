/**
 * A tenant whose books hold a mark in every kind of document, and how the mark is found again: a word in every text, and
 * amounts that are all multiples of one odd number, so that every sum of them is one too.
 */
import { createClient } from '@clickhouse/client'
import { type Books, openBooks } from './books.ts'
import { command, eventually, read, request } from './http.ts'

export const CANARY = `canary${Date.now().toString(36)}`

/** Poisha: 7654321.13. */
const MARK = 765_432_113n
export const marked = (times: number): string => {
  const minor = MARK * BigInt(times)
  return `${minor / 100n}.${(minor % 100n).toString().padStart(2, '0')}`
}

const AMOUNT = /(\d{7,})\.(\d{1,2})0*(?!\d)/g

/** The word, ids, and amounts of the marked books in a text. */
export function marksIn(text: string, ids: readonly string[] = []): string[] {
  const amounts = [...text.matchAll(AMOUNT)]
    .filter(([, units = '', rest = '']) => BigInt(units + rest.padEnd(2, '0')) % MARK === 0n)
    .map(([amount]) => amount)
  return [...[CANARY, ...ids].filter((word) => text.includes(word)), ...amounts]
}

interface Stack {
  readonly apiUrl: string
  readonly commandsUrl: string
  readonly jwtAccessSecret: string
  readonly clickhouseUrl: string
  readonly clickhouseUser: string
  readonly clickhousePassword: string
}

const day = (fromToday: number): string =>
  new Date(Date.now() + fromToday * 86_400_000 + 6 * 3_600_000).toISOString().slice(0, 10)

export const IMPORT_ID = `${CANARY}-import`

export interface MarkedBooks extends Books {
  /** Ids that the services made: nobody else may see them. */
  readonly ids: readonly string[]
}

/** Opens the books, with every kind of document, master and rule that the command service takes. */
export async function openMarkedBooks(stack: Stack): Promise<MarkedBooks> {
  const books = await openBooks(stack, {
    prefix: `iso-b-${CANARY}`,
    name: `${CANARY} Ltd`,
    customer: `${CANARY} customer`,
  })
  const post = async (path: string, body: object): Promise<string> =>
    (await command<{ id: string }>(stack.commandsUrl, `/v1/${path}`, books.writer, body)).id
  await masters(post)
  const ids = await documents(books, post)
  await rules(post)
  await command(stack.commandsUrl, '/v1/import-batches', books.writer, {
    importId: IMPORT_ID,
    run: 'import',
    items: [
      { type: 'customer.create', body: { id: 'cust-2', name: `${CANARY} imported` } },
      // The list of what an import made shows ids of documents.
      {
        type: 'invoice.create',
        body: { id: `${CANARY}-imported`, customerId: 'cust-1', lines: [{ unitPrice: marked(1) }] },
      },
    ],
  })
  await history(stack, books.tenant)
  const alertId = await eventually('the alert of the marked books', async () => {
    const { data } = await read<{ data: { id: string }[] }>(stack.apiUrl, '/v1/alerts', books.reader)
    const [alert] = data
    if (alert === undefined) throw new Error('there is no alert yet')
    return alert.id
  })
  const moved = await request('POST', `${stack.apiUrl}/v1/alerts/${alertId}/acknowledge`, {
    token: books.writer,
    body: { note: CANARY },
    headers: { 'idempotency-key': crypto.randomUUID() },
  })
  if (moved.status >= 300) throw new Error(`the alert was not acknowledged: ${JSON.stringify(moved.body)}`)
  return { ...books, ids: [...ids, alertId] }
}

type Post = (path: string, body: object) => Promise<string>

async function masters(post: Post): Promise<void> {
  await post('vendors', { id: 'vend-1', name: `${CANARY} vendor`, tin: '123456789012' })
  await post('products', {
    id: 'prod-1',
    name: `${CANARY} product`,
    sku: CANARY.toUpperCase(),
    unit: 'PCS',
    category: CANARY,
  })
  await post('accounts', { id: 'own-1', code: '0001', name: CANARY, accountClass: 'EXPENSE' })
}

async function documents(books: Books, post: Post): Promise<string[]> {
  const text = { reference: CANARY }
  const line = (times: number) => ({
    description: CANARY,
    unitPrice: marked(times),
    vatCode: 'none',
    vatRate: '0',
  })
  const invoiceId = await books.invoice(marked(5), {
    ...text,
    category: CANARY,
    dueDate: day(3),
    lines: [line(5)],
  })
  const paidId = await books.invoice(marked(1), text)
  await books.payment(marked(1), { ...text, allocations: [{ invoiceId: paidId, amount: marked(1) }] })
  const billId = await post('bills', {
    vendorId: 'vend-1',
    status: 'APPROVED',
    dueDate: day(3),
    lines: [{ ...line(4), category: CANARY, department: CANARY }],
    ...text,
  })
  return [
    invoiceId,
    billId,
    await books.payment(marked(2), { ...text, allocations: [{ invoiceId, amount: marked(1) }] }),
    await post('credit-notes', {
      customerId: 'cust-1',
      reason: CANARY,
      category: CANARY,
      lines: [line(1)],
      allocations: [{ invoiceId, amount: marked(1) }],
    }),
    await post('payments', {
      direction: 'out',
      vendorId: 'vend-1',
      amount: marked(2),
      allocations: [{ billId, amount: marked(1) }],
      ...text,
    }),
    await post('expenses', {
      category: CANARY,
      vendorName: CANARY,
      department: CANARY,
      description: CANARY,
      netAmount: marked(1),
      status: 'APPROVED',
    }),
    await post('journal-entries', {
      description: CANARY,
      status: 'POSTED',
      lines: [
        { accountId: 'own-1', debit: marked(3), memo: CANARY },
        { accountCode: '1101', credit: marked(3), memo: CANARY },
      ],
    }),
    await post('stock-movements', {
      movementId: `${CANARY}-move`,
      productId: 'prod-1',
      movement: 'RECEIPT',
      quantity: '1',
      unitCost: marked(2),
      warehouse: CANARY,
      ...text,
    }).then(() => `${CANARY}-move`),
  ]
}

async function rules(post: Post): Promise<void> {
  await post('targets', {
    measure: 'netRevenue',
    slice: `category:${CANARY}`,
    from: day(-10),
    to: day(10),
    amount: marked(9),
  })
  await post('alert-rules', {
    id: CANARY,
    measure: 'receivablesTotal',
    operator: 'ABOVE',
    threshold: '1',
    severity: 'WARNING',
  })
}

/**
 * Points of history and a refused event, written as the sinks do: the stream makes points at a quarter-hour and at
 * midnight, and a refused event takes a fault of ours. Their partition is one that no topic has.
 */
async function history(stack: Stack, tenant: string): Promise<void> {
  const client = createClient({
    url: stack.clickhouseUrl,
    username: stack.clickhouseUser,
    password: stack.clickhousePassword,
  })
  const now = new Date().toISOString().replace('T', ' ').replace('Z', '')
  const point = { tenant_id: tenant, kind: 'SNAPSHOT', as_of: day(0), log_time: now, _partition: 60_000 }
  const put = (table: string, row: object) =>
    client.insert({ table: `finance.${table}`, values: [row], format: 'JSONEachRow' })
  try {
    await put('kpi_points', {
      ...point,
      measure: 'netRevenue',
      window: '30d',
      value: marked(7),
      unit: 'BDT',
      inputs: { [CANARY]: marked(7) },
    })
    await put('aging_points', { ...point, customer_id: 'cust-1', customer_name: CANARY, total: marked(7) })
    await put('refused_events', {
      tenant_id: tenant,
      code: CANARY,
      message: CANARY,
      refused_at: now,
      _partition: 60_000,
    })
  } finally {
    await client.close()
  }
}
