/**
 * All kinds of imports against a command service and its store: the examples of the documentation make books that
 * balance, a second run changes nothing, and taking them back leaves every account at zero.
 */
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { importFile, type ImportOptions } from '../../producers/importers/cli.ts'
import { list, show, undo } from '../../producers/importers/undo-cli.ts'
import { freshTenant } from '../support/http.ts'
import { describeStack } from '../support/stack.ts'
import { workbookOf } from '../support/xlsx-files.ts'
import { fileOf } from '../unit/producers/importers/harness.ts'
import { prepareStore, rowsOf, Service } from './producers-harness.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../docs/examples')
const example = (name: string) => path.join(EXAMPLES, name)

describeStack('imports', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
  let service: Service
  beforeAll(async () => {
    await prepareStore(stack)
    service = await Service.open(stack)
  })
  afterAll(() => service.close())

  const access = async (tenant: string) => ({
    commandsUrl: service.url,
    token: await service.token(tenant, 'operator'),
    patienceMs: 5_000,
    output: 'json' as const,
  })
  const speaking = () => {
    const out: string[] = []
    const err: string[] = []
    return { io: { out: (line: string) => out.push(line), err: (line: string) => err.push(line) }, out, err }
  }
  async function run(tenant: string, kind: string, file: string, more: Partial<ImportOptions> = {}) {
    const { io, out, err } = speaking()
    const code = await importFile({ ...(await access(tenant)), tenant, kind, file, ...more }, io)
    const said = out.at(-1)
    const report = (said === undefined ? {} : JSON.parse(said)) as Record<string, unknown> & {
      importId: string
    }
    return { code, report, err }
  }
  async function take(tenant: string, id: string) {
    const { io, out, err } = speaking()
    const code = await undo(id, await access(tenant), io)
    return { code, report: JSON.parse(out.at(-1) ?? '{}') as Record<string, unknown>, err }
  }
  const sql = <T extends object>(tenant: string, text: string) =>
    rowsOf<T & Record<string, unknown>>(stack.databaseUrl, tenant, text)
  const events = async (tenant: string) =>
    (await sql<{ n: number }>(tenant, 'select count(*)::int as n from finance.event_store'))[0]?.n
  const unbalanced = (tenant: string) =>
    sql(
      tenant,
      'select account_id, sum(debit - credit)::text as net from finance.journal_lines group by 1 having sum(debit) <> sum(credit) order by 1',
    )

  /** Opening balances come before the documents that are part of them. */
  const ALL: [string, string, Partial<ImportOptions>][] = [
    ['opening-balances', 'opening-balances.csv', { currency: 'BDT', cutOff: '2026-06-30' }],
    ['chart', 'chart.csv', {}],
    ['customers', 'customers.csv', {}],
    ['vendors', 'vendors.csv', {}],
    ['products', 'products.csv', {}],
    ['receivables', 'receivables.csv', { currency: 'BDT', map: example('receivables.map.json') }],
    ['payables', 'payables.csv', { currency: 'BDT', map: example('payables.map.json') }],
    ['journal', 'journal.csv', { currency: 'BDT' }],
    ['sales', 'sales.csv', { currency: 'BDT' }],
  ]

  it('of the examples balance, change nothing when run again, and are taken back to the last paisa', async () => {
    const tenant = freshTenant('all')
    const ids: string[] = []
    for (const [kind, file, more] of ALL) {
      const dry = await run(tenant, kind, example(file), { ...more, dryRun: true })
      expect([kind, dry.code, dry.report['badRows']]).toEqual([kind, 0, []])
      const { code, report, err } = await run(tenant, kind, example(file), more)
      expect([kind, code, report['badRows'], err]).toEqual([kind, 0, [], []])
      ids.push(report.importId)
    }
    const sums = await sql(
      tenant,
      'select sum(debit)::text as debit, sum(credit)::text as credit from finance.journal_lines',
    )
    expect(sums[0]?.['debit']).toBe(sums[0]?.['credit'])
    const receivable = `select sum(debit - credit)::numeric(18, 2)::text as net from finance.journal_lines where account_id = '1200'`
    // Open of receivables.csv: 88450.50 + 310000.00 + 215780.25 + 99000.00; sales are paid.
    expect(await sql(tenant, receivable)).toEqual([{ net: '713230.75' }])
    // Open of payables.csv: 18450.50 + 42300.00.
    expect(await sql(tenant, receivable.replace('1200', '2100'))).toEqual([{ net: '-60750.50' }])

    const before = await events(tenant)
    for (const [kind, file, more] of ALL) {
      const { code, report } = await run(tenant, kind, example(file), more)
      expect([kind, code, report['imported'], report['bad']]).toEqual([kind, 0, 0, 0])
    }
    expect(await events(tenant)).toBe(before)

    const listed = speaking()
    expect(await list(await access(tenant), listed.io)).toBe(0)
    const imports = JSON.parse(listed.out[0] ?? '[]') as { importId: string; undone: number }[]
    expect(imports.map(({ importId, undone }) => [importId, undone])).toEqual(
      ids.toSorted().map((id) => [id, 0]),
    )
    const shown = speaking()
    expect(await show(ids[5] ?? '', await access(tenant), shown.io)).toBe(0)
    expect(JSON.parse(shown.out[0] ?? '{}')).toMatchObject({
      created: { customer: 2, 'invoice approved': 7, 'payment received': 3 },
    })

    // A customer that documents refer to stays.
    const early = await take(tenant, ids[2] ?? '')
    expect([early.code, early.report['left']]).toEqual([1, 3])
    expect((early.report['notUndone'] as { reason: string }[])[0]?.reason).toMatch(/depend on it/)
    for (const id of ids.toReversed()) {
      const { code, report } = await take(tenant, id)
      expect([id, code, report['notUndone']]).toEqual([id, 0, []])
    }
    expect(await unbalanced(tenant)).toEqual([])
    const states = await sql<{ type: string; ended: string; n: number }>(
      tenant,
      `select aggregate_type as type, coalesce(state->>'status', state->>'active') as ended, count(*)::int as n from finance.aggregates
       where aggregate_type in ('invoice', 'payment', 'bill', 'customer', 'vendor', 'product') group by 1, 2 order by 1, 2`,
    )
    expect(states).toEqual([
      { type: 'bill', ended: 'CANCELLED', n: 3 },
      { type: 'customer', ended: 'false', n: 5 },
      { type: 'invoice', ended: 'CANCELLED', n: 10 },
      { type: 'payment', ended: 'FAILED', n: 7 },
      { type: 'product', ended: 'false', n: 3 },
      { type: 'vendor', ended: 'false', n: 3 },
    ])
    const inUse = await sql<{ id: string }>(
      tenant,
      `select aggregate_id as id from finance.aggregates where aggregate_type = 'account' and aggregate_id in ('1140', '1141', '6330', '2350') and (state->>'active')::boolean`,
    )
    expect(inUse).toEqual([])

    const after = await events(tenant)
    for (const id of ids) expect((await take(tenant, id)).report).toMatchObject({ undone: 0, left: 0 })
    expect(await events(tenant)).toBe(after)
    const anew = await run(tenant, 'journal', example('journal.csv'), { currency: 'BDT' })
    expect([anew.code, anew.err[0]]).toEqual([2, expect.stringMatching(/was undone.*change the source/)])
    expect((await take(tenant, 'nothing-like-it')).code).toBe(2)
  }, 180_000)

  it('are taken back on today where their days are closed', async () => {
    const tenant = freshTenant('closed')
    const file = fileOf([
      'entry,date,account,amount',
      'A,2026-01-05,1110,-100.00',
      'A,2026-01-05,6100,100.00',
    ])
    const { report } = await run(tenant, 'journal', file, { currency: 'BDT' })
    const token = await service.token(tenant)
    const closing = await service.send('POST', '/v1/periods/close', {
      token,
      body: { through: '2026-01-31' },
    })
    expect([closing.status, closing.body.code]).toEqual([202, undefined])
    expect((await take(tenant, report.importId)).report).toMatchObject({ undone: 1, left: 0 })
    expect(await unbalanced(tenant)).toEqual([])
    const late = await sql<{ n: number }>(
      tenant,
      `select count(*)::int as n from finance.journal_lines where entry_date > '2026-01-31'`,
    )
    expect(late).toEqual([{ n: 2 }])
  }, 60_000)

  it('that are dry tell what is not there, and leave nothing', async () => {
    const tenant = freshTenant('dryrefs')
    await run(tenant, 'customers', example('customers.csv'))
    const before = await events(tenant)
    const file = fileOf([
      'entry,date,account,amount',
      'A,2026-01-05,1110,-100.00',
      'A,2026-01-05,7777,100.00',
      'B,2026-01-05,1110,-1.00',
      'B,2026-01-05,6100,1.00',
    ])
    const { code, report } = await run(tenant, 'journal', file, { currency: 'BDT', dryRun: true })
    expect([code, report['imported'], report['badRows']]).toEqual([
      1,
      1,
      [{ line: 3, column: 'account', reason: 'account 7777 does not exist: create it first' }],
    ])
    const real = await run(tenant, 'journal', file, { currency: 'BDT' })
    expect([real.code, (real.report['badRows'] as object[])[0]]).toEqual([
      1,
      { line: 3, column: 'account', reason: expect.stringContaining('7777') },
    ])
    expect(before).not.toBe(await events(tenant))
  }, 60_000)

  it('from a workbook are what they are from text', async () => {
    const tenant = freshTenant('xlsx')
    const cell = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`
    const head = ['customerId', 'customerName', 'invoiceNumber', 'invoiceDate', 'dueDate', 'amount']
      .map(cell)
      .join('')
    const row = `${cell('C-9')}${cell('মেঘনা ট্রেডার্স')}${cell('X-1')}<c s="1"><v>46143</v></c><c s="1"><v>46174</v></c><c><v>0.30000000000000004</v></c>`
    const sheets = { One: `<row r="1">${head}</row><row r="2">${row}</row>` }
    const file = fileOf(workbookOf({ sheets, formats: [14] }), 'open.xlsx')
    expect((await run(tenant, 'receivables', file, { currency: 'BDT' })).report).toMatchObject({
      imported: 1,
      bad: 0,
    })
    const stored = await sql(
      tenant,
      `select customer_name, invoice_date::text as issued, due_date::text as due, total::text as total from finance.invoices`,
    )
    expect(stored).toEqual([
      { customer_name: 'মেঘনা ট্রেডার্স', issued: '2026-05-01', due: '2026-06-01', total: '0.3000' },
    ])
  }, 60_000)
})
