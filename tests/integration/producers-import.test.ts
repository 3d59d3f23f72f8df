/**
 * The import of receivables against a command service and its store: every kind of bad row, a second run, a killed run,
 * and the size of the real sample.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { importFile, type ImportOptions } from '../../producers/importers/cli.ts'
import { freshTenant } from '../support/http.ts'
import { DEFAULT_CHART } from '../../producers/ledger/default-chart.ts'
import { describeStack } from '../support/stack.ts'
import { prepareStore, rowsOf, Service } from './producers-harness.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const HEADER =
  'countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate'

interface RowChange {
  readonly customer?: string
  readonly date?: string
  readonly due?: string
  readonly amount?: string
  readonly disputed?: string
  readonly settled?: string
}
const row = (number: string, change: RowChange = {}): string => {
  const {
    customer = 'C-1',
    date = '3/1/2012',
    due = '3/31/2012',
    amount = '100.00',
    disputed = 'No',
    settled = '4/5/2012',
  } = change
  return `406,${customer},1/1/2012,${number},${date},${due},${amount},${disputed},${settled},Paper,35,5`
}
const fileOf = (lines: readonly (string | Uint8Array)[], name = 'receivables.csv'): string => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'nikash-import-')), name)
  writeFileSync(
    file,
    Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')])),
  )
  return file
}

describeStack(
  'the import of receivables',
  ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'],
  (stack) => {
    let service: Service
    beforeAll(async () => {
      await prepareStore(stack)
      service = await Service.open(stack)
    })
    afterAll(() => service.close())

    async function run(file: string, tenant: string, more: Partial<ImportOptions> = {}) {
      const out: string[] = []
      const err: string[] = []
      const token = await service.token(tenant, 'operator')
      const code = await importFile(
        {
          kind: 'receivables',
          file,
          tenant,
          currency: 'USD',
          commandsUrl: service.url,
          token,
          patienceMs: 2_000,
          ...more,
        },
        { out: (line) => out.push(line), err: (line) => err.push(line) },
      )
      return { code, out, err }
    }
    const stored = async (tenant: string) => {
      const sql = `select event_type, count(*)::int as n from finance.event_store group by 1 order by 1`
      const rows = await rowsOf<{ event_type: string; n: number }>(stack.databaseUrl, tenant, sql)
      return Object.fromEntries(rows.map((one) => [one.event_type, one.n]))
    }

    it('tells each bad row by line and column, and imports the others', async () => {
      const tenant = freshTenant('imp')
      const file = fileOf([
        HEADER,
        row('OK-1'), // 2
        row('BAD-DATE', { date: '13/45/2012' }),
        row('NEGATIVE', { amount: '-5.00' }),
        row('NO-DUE', { due: '' }),
        row('OK-2', { amount: '50.25', settled: '', disputed: 'Yes' }), // 6
        row('OK-1'),
        row('CENTS', { amount: '1.999' }),
        `406,C-1,${'x'.repeat(10 * 1024 * 1024)}`, // 9
        'one,two', // 10
        new Uint8Array([0xff, 0xfe, 0x00]),
        new Uint8Array([0xff, 0xfe, 0x01]),
        '406,"C-1', // 13
        row('LATE', { due: '2/1/2012' }),
        row('OK-3', { amount: '7.00', customer: 'C 2 (Dhaka)' }), // 15
        row('SETTLED', { settled: 'never' }),
        '',
        row('OK-4', { customer: 'C-3' }), // 18
      ])
      const { code, out, err } = await run(file, tenant)
      expect(err).toEqual([
        'line 3, InvoiceDate: "13/45/2012" is not a date M/D/YYYY',
        'line 4, InvoiceAmount: "-5.00" is not more than zero',
        'line 5, DueDate: is empty',
        'line 7, invoiceNumber: number OK-1 stands in an earlier line too',
        'line 8, InvoiceAmount: "1.999" has more than the 2 decimals of USD',
        'line 9: is 10485768 bytes long, more than 65536: no row of a table',
        'line 10: has 2 fields, the header has 12',
        'lines 11 to 12: is not UTF-8 text',
        'line 13: has a quote that is not closed',
        'line 14, DueDate: due on 2012-02-01, before the invoice of 2012-03-01',
        'line 16, SettledDate: "never" is not a date M/D/YYYY',
      ])
      expect(code).toBe(1)
      expect(out[0]).toContain(
        "map ibm-receivables (its header is exactly this file's), dates M/D/YYYY, amounts in USD (stated by --currency)",
      )
      expect(out.at(-1)).toMatch(/^16 rows: 4 imported, 0 already there, 12 bad; 3 new customers; /)
      expect(await stored(tenant)).toEqual({
        TenantRegistered: 1,
        AccountCreated: DEFAULT_CHART.length,
        JournalEntryPosted: 4 + 3,
        CustomerCreated: 3,
        InvoiceCreated: 4,
        PaymentReceived: 3,
      })
      const invoices = await rowsOf(
        stack.databaseUrl,
        tenant,
        'select invoice_id, mushak_number, open_amount from finance.invoices order by 1',
      )
      expect(invoices).toEqual([
        { invoice_id: 'ibm:OK-1', mushak_number: null, open_amount: '0.0000' },
        { invoice_id: 'ibm:OK-2', mushak_number: null, open_amount: '50.2500' },
        { invoice_id: 'ibm:OK-3', mushak_number: null, open_amount: '0.0000' },
        { invoice_id: 'ibm:OK-4', mushak_number: null, open_amount: '0.0000' },
      ])
    }, 30_000)

    it('changes nothing when run again, and tells a row whose content changed', async () => {
      const tenant = freshTenant('again')
      const lines = [
        HEADER,
        ...Array.from({ length: 120 }, (_, i) => row(`N-${i}`, { customer: `C-${i % 7}` })),
      ]
      expect((await run(fileOf(lines), tenant)).out.at(-1)).toMatch(
        /^120 rows: 120 imported, 0 already there, 0 bad/,
      )
      const before = await stored(tenant)
      const again = await run(fileOf(lines), tenant)
      expect([again.code, again.out.at(-1)]).toEqual([
        0,
        expect.stringMatching(/^120 rows: 0 imported, 120 already there, 0 bad; 0 new customers/),
      ])
      const changed = await run(fileOf([HEADER, row('N-0', { customer: 'C-0', amount: '101.00' })]), tenant)
      expect([changed.code, changed.err]).toEqual([
        1,
        ['line 2: N-0 was imported before with other content; correct it by commands'],
      ])
      expect(await stored(tenant)).toEqual(before)
    }, 30_000)

    it('is wrong use (2) without a currency, a map, or a readable file, and leaves nothing', async () => {
      const tenant = freshTenant('wrong')
      const good = fileOf([HEADER, row('A')])
      const { currency: _none, ...unstated } = { currency: 'USD' }
      const attempts: [string, Partial<ImportOptions>, RegExp][] = [
        [good, { currency: 'XXZ' }, /XXZ is no currency/],
        [fileOf(['a,b,c', '1,2,3']), {}, /no shipped map .*a, b, c.*--map/],
        [fileOf([]), {}, /empty/],
        ['/nowhere/at/all.csv', {}, /can't be read/],
        [good, { map: fileOf(['{"name":1}'], 'map.json') }, /no usable map/],
      ]
      for (const [file, more, said] of attempts) {
        const { code, err } = await run(file, tenant, { ...unstated, ...more })
        expect([code, err.join('\n')]).toEqual([2, expect.stringMatching(said)])
      }
      expect(await stored(tenant)).toEqual({})
    })

    it('follows a given map, and refuses another currency than the books without a rate', async () => {
      const tenant = freshTenant('map')
      const map = {
        name: 'mine',
        source: 'erp',
        delimiter: ';',
        dateFormat: 'DD.MM.YYYY',
        currency: 'EUR',
        columns: {
          customerId: 'Kunde',
          customerName: 'Name',
          invoiceNumber: 'Nr',
          invoiceDate: 'Datum',
          dueDate: 'Fällig',
          amount: 'Betrag',
        },
      }
      const file = fileOf([
        'Nr;Kunde;Name;Datum;Fällig;Betrag',
        '1;K1;"Müller; Söhne";01.02.2024;01.03.2024;10.50',
      ])
      const given = async (more: object) => {
        const { currency: _stated, ...options } = {
          map: fileOf([JSON.stringify({ ...map, ...more })], 'map.json'),
          currency: undefined,
        }
        const out: string[] = []
        const token = await service.token(tenant, 'operator')
        const io = { out: (line: string) => out.push(line), err: (line: string) => out.push(line) }
        return {
          code: await importFile(
            { kind: 'receivables', file, tenant, commandsUrl: service.url, token, ...options },
            io,
          ),
          out,
        }
      }
      expect((await given({})).code).toBe(0)
      const customers = await rowsOf(stack.databaseUrl, tenant, 'select name from finance.customers')
      expect(customers).toEqual([{ name: 'Müller; Söhne' }])
      const other = await given({ currency: 'USD' })
      expect([other.code, other.out.at(-1)]).toEqual([
        2,
        expect.stringMatching(/books of .* are in EUR, the file in USD/),
      ])
      expect((await given({ currency: 'USD', source: 'erp2', fxRate: '0.92' })).code).toBe(1)
    })

    it('checks without a trace in a dry run', async () => {
      const tenant = freshTenant('dry')
      const { code, out } = await run(fileOf([HEADER, row('A'), row('B', { amount: 'x' })]), tenant, {
        dryRun: true,
      })
      expect([code, out.at(-1)]).toEqual([
        1,
        expect.stringMatching(/^2 rows: 1 would be imported, 0 already there, 1 bad/),
      ])
      expect(await stored(tenant)).toEqual({})
    })

    it('says that a part is down (3) when nobody answers', async () => {
      const { code, err } = await run(fileOf([HEADER, row('A')]), freshTenant('down'), {
        commandsUrl: 'http://127.0.0.1:9',
        patienceMs: 300,
      })
      expect([code, err.at(-1)]).toEqual([
        3,
        expect.stringMatching(/does not answer.*run the same import again/),
      ])
    })

    it('that was killed is completed by running it again', async () => {
      const tenant = freshTenant('killed')
      const lines = [
        HEADER,
        ...Array.from({ length: 3_000 }, (_, i) => row(`N-${i}`, { customer: `C-${i % 50}` })),
      ]
      const file = fileOf(lines)
      const script = `import { importFile } from '${ROOT}/producers/importers/cli.ts'
      await importFile(${JSON.stringify({ kind: 'receivables', file, tenant, currency: 'USD', commandsUrl: service.url, token: await service.token(tenant, 'operator') })},
        { out: () => {}, err: () => {} })`
      const child: ChildProcess = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
        stdio: 'inherit',
        env: { PATH: process.env['PATH'] },
      })
      const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
      let invoices = 0
      while (invoices < 300) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        invoices = (await stored(tenant))['InvoiceCreated'] ?? 0
      }
      child.kill('SIGKILL')
      expect(await ended).toBe('SIGKILL')
      const half = (await stored(tenant))['InvoiceCreated'] ?? 0
      expect([half >= 300, half < 3_000]).toEqual([true, true])
      const { code, out } = await run(file, tenant, { patienceMs: 60_000 })
      expect(code).toBe(0)
      expect(out.at(-1)).toMatch(new RegExp(`^3000 rows: \\d+ imported, [1-9]\\d* already there, 0 bad`))
      expect(await stored(tenant)).toEqual({
        TenantRegistered: 1,
        AccountCreated: DEFAULT_CHART.length,
        JournalEntryPosted: 6_000,
        CustomerCreated: 50,
        InvoiceCreated: 3_000,
        PaymentReceived: 3_000,
      })
    }, 120_000)
  },
)
