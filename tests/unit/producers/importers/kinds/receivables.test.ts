import { describe, expect, it } from '@jest/globals'
import { dateReader, fieldReader, Wrong } from '../../../../../producers/importers/fields.ts'
import { type Context, documentId } from '../../../../../producers/importers/kind.ts'
import { kind, type ReceivableRow } from '../../../../../producers/importers/kinds/receivables.ts'
import { chooseMap, parseMap, shippedMaps } from '../../../../../producers/importers/map.ts'
import { badRow } from '../../../../../producers/importers/units.ts'
import { WrongUse } from '../../../../../producers/importers/wrong-use.ts'

const header =
  'countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate'.split(
    ',',
  )
const { map } = chooseMap(kind, header, undefined)
const good = '391,0379-NEVHP,4/6/2013,0000611365,1/2/2013,2/1/2013,55.94,No,1/15/2013,Paper,13,0'
const context = { source: 'ibm', map, currency: 'USD', nth: () => 1 }
const rowReader =
  ({ map: by, ...rules }: { header: readonly string[]; map: typeof map; currency: string }) =>
  (line: number, fields: readonly string[]) => {
    try {
      const given: Context = { ...context, map: by, currency: rules.currency }
      return kind.read(fieldReader({ ...rules, map: by, format: 'csv' })(fields), given)
    } catch (error) {
      if (error instanceof Wrong) return badRow(line, error, by)
      throw error
    }
  }
const read = rowReader({ header, map, currency: 'USD' })
const documentCommands = (row: ReceivableRow) =>
  kind.commands({ label: row.invoiceNumber, rows: [{ line: 2, row }] }, context).items
const row = (change: Readonly<Record<string, string>> = {}) =>
  read(
    2,
    good.split(',').map((value, index) => change[header[index] ?? ''] ?? value),
  )

describe('a row of receivables', () => {
  it('is read by the stated columns and date format', () => {
    expect(row()).toEqual({
      customerId: '0379-NEVHP',
      customerName: '0379-NEVHP',
      country: '391',
      invoiceNumber: '0000611365',
      invoiceDate: '2013-01-02',
      dueDate: '2013-02-01',
      amount: '55.94',
      currency: 'USD',
      disputed: false,
      settledDate: '2013-01-15',
    })
  })

  it.each([
    [{ InvoiceDate: '13/45/2012' }, 'InvoiceDate', /not a date M\/D\/YYYY/],
    [{ InvoiceDate: '2/30/2013' }, 'InvoiceDate', /not a date/],
    [{ InvoiceDate: '2013-01-02' }, 'InvoiceDate', /not a date/],
    [{ InvoiceDate: '' }, 'InvoiceDate', /empty/],
    [{ DueDate: '' }, 'DueDate', /empty/],
    [{ DueDate: '1/1/2013' }, 'DueDate', /before the invoice/],
    [{ SettledDate: 'soon' }, 'SettledDate', /not a date/],
    [{ InvoiceAmount: '-5.00' }, 'InvoiceAmount', /not more than zero/],
    [{ InvoiceAmount: '0' }, 'InvoiceAmount', /not more than zero/],
    [{ InvoiceAmount: '1.999' }, 'InvoiceAmount', /decimals of USD/],
    [{ InvoiceAmount: '1.99999' }, 'InvoiceAmount', /decimals of USD/],
    [{ InvoiceAmount: '1000000000' }, 'InvoiceAmount', /more than 999999999.99/],
    [{ InvoiceAmount: '$5' }, 'InvoiceAmount', /plain amount/],
    [{ InvoiceAmount: '' }, 'InvoiceAmount', /empty/],
    [{ invoiceNumber: '' }, 'invoiceNumber', /empty/],
    [{ invoiceNumber: '9'.repeat(65) }, 'invoiceNumber', /longer/],
    [{ customerID: '' }, 'customerID', /empty/],
    [{ Disputed: 'maybe' }, 'Disputed', /neither/],
  ])('with %j is bad in column %s', (change, column, reason) => {
    expect(row(change)).toEqual({ line: 2, column, reason: expect.stringMatching(reason) })
  })

  it('is open when it has no settled date', () => {
    expect(row({ SettledDate: '' })).toMatchObject({ settledDate: null })
  })

  it('has as many fields as the header', () => {
    expect(read(9, ['a', 'b'])).toEqual({ line: 9, reason: 'has 2 fields, the header has 12' })
  })

  it('must be in the stated currency where the file has a column for it', () => {
    const withColumn = { ...map, columns: { ...map.columns, currency: 'countryCode' } }
    const reader = rowReader({ header, map: withColumn, currency: 'USD' })
    expect(reader(2, good.split(','))).toMatchObject({
      column: 'countryCode',
      reason: expect.stringMatching(/not USD/),
    })
    expect(reader(2, good.replace('391', 'USD').split(','))).toMatchObject({ currency: 'USD' })
  })

  it('does not show more of garbage than a few characters', () => {
    const bad = row({ InvoiceAmount: 'z'.repeat(50_000) })
    expect(JSON.stringify(bad).length).toBeLessThan(200)
  })
})

describe('maps', () => {
  it('are chosen by themselves only for exactly their header', () => {
    expect(shippedMaps().map((one) => one.name)).toContain('ibm-receivables')
    expect(() => chooseMap(kind, [...header, 'extra'], undefined)).toThrow(WrongUse)
    expect(() => chooseMap(kind, header.toReversed(), undefined)).toThrow(/--map/)
  })

  it('must name columns that the file has', () => {
    expect(() => chooseMap(kind, ['a', 'b'], map)).toThrow(/customerID/)
    expect(chooseMap(kind, [...header, 'extra'], map).because).toContain('--map')
  })

  it.each(['not json', '{}', '{"name":"x","source":"x","dateFormat":"M/D","columns":{}}'])(
    'refuse %s',
    (text) => {
      expect(() => parseMap(text, 'my.json')).toThrow(/my\.json/)
    },
  )

  it.each([
    ['M/D/YYYY', '3/4/2012', '2012-03-04'],
    ['D/M/YYYY', '3/4/2012', '2012-04-03'],
    ['DD.MM.YYYY', '03.04.2012', '2012-04-03'],
    ['DD.MM.YYYY', '3.4.2012', undefined],
    ['YYYY-MM-DD', '2012-04-03', '2012-04-03'],
    ['M/D/YYYY', '3/4/12', undefined],
    ['M/D/YYYY', '2/29/2012', '2012-02-29'],
    ['M/D/YYYY', '2/29/2013', undefined],
    ['M/D/YYYY', '3/4/2012 00:00', undefined],
  ])('%s reads %s as %s', (format, text, expected) => {
    expect(dateReader(format)(text)).toBe(expected)
  })
})

describe('the commands of a row', () => {
  const receivable = row() as ReceivableRow

  it('are an approved invoice and its payment in full, with ids that follow from source and number', () => {
    const [invoice, payment, ...none] = documentCommands(receivable)
    expect(none).toEqual([])
    expect(invoice?.body).toMatchObject({
      id: 'ibm:0000611365',
      status: 'APPROVED',
      issuedElsewhere: true,
      invoiceDate: '2013-01-02',
    })
    expect(payment?.body).toMatchObject({
      id: 'ibm:0000611365:settled',
      paymentDate: '2013-01-15',
      amount: '55.94',
      allocations: [{ invoiceId: 'ibm:0000611365', amount: '55.94' }],
    })
    expect(documentCommands({ ...receivable })).toEqual([invoice, payment])
  })

  it('are the invoice alone where nothing was paid', () => {
    expect(documentCommands({ ...receivable, settledDate: null })).toHaveLength(1)
  })

  it('keep different numbers apart that no id can hold', () => {
    const ids = ['চালান ১', 'চালান ২', 'a b', 'a  b'].map((number) => documentId('x', number))
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) expect(id).toMatch(/^x:[0-9a-f]{32}$/)
  })
})
