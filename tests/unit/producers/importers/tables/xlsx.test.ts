import { describe, expect, it } from '@jest/globals'
import { writeXlsx } from 'hucre'
import { openTable } from '../../../../../producers/importers/tables/open.ts'
import { type Parts, workbookOf, workbookParts, zipOf } from '../../../../support/xlsx-files.ts'
import { fileOf } from '../harness.ts'

async function read(bytes: Uint8Array, sheet?: string): Promise<string[]> {
  const table = await openTable(fileOf(bytes, 'book.xlsx'), sheet)
  const said: string[] = []
  for await (const one of table.records(() => ',')) {
    said.push('fields' in one ? `${one.line}: ${one.fields.join('|')}` : `${one.line}! ${one.problem}`)
  }
  return said
}
const rows = (xml: string, more: Partial<Parts> = {}) => read(workbookOf({ sheets: { One: xml }, ...more }))
const row = (line: number, ...cells: string[]) => `<row r="${line}">${cells.join('')}</row>`

describe('a workbook', () => {
  it('of another writer is read cell by cell: texts in Bengali, numbers, days, booleans', async () => {
    const bytes = await writeXlsx({
      sheets: [
        {
          name: 'পাওনা',
          rows: [
            ['গ্রাহক', 'amount', 'day', 'paid'],
            ['মেঘনা ট্রেডার্স', 0.1 + 0.2, new Date(Date.UTC(2026, 6, 2)), true],
            ['Padma & Sons <Ltd>', 1_234_567.89, new Date(Date.UTC(1999, 11, 31)), false],
          ],
        },
        { name: 'Second', rows: [['x'], ['y']] },
      ],
    })
    expect(await read(bytes)).toEqual([
      '1: গ্রাহক|amount|day|paid',
      '2: মেঘনা ট্রেডার্স|0.3|2026-07-02|TRUE',
      '3: Padma & Sons <Ltd>|1234567.89|1999-12-31|FALSE',
    ])
    expect(await read(bytes, 'Second')).toEqual(['1: x', '2: y'])
  })

  it('gives shared, rich, inline and formula texts', async () => {
    const strings =
      '<si><t>plain</t></si><si><r><t>চা</t></r><r><t xml:space="preserve"> ও কফি</t></r><rPh><t>cha</t></rPh></si>'
    const xml =
      row(1, '<c r="A1" t="s"><v>0</v></c>', '<c r="B1" t="s"><v>1</v></c>') +
      row(
        2,
        '<c r="A2" t="inlineStr"><is><t>inline</t></is></c>',
        '<c r="B2" t="str"><f>A1&amp;"x"</f><v>plainx</v></c>',
      )
    expect(await rows(xml, { strings })).toEqual(['1: plain|চা ও কফি', '2: inline|plainx'])
  })

  it('keeps the places of cells, and passes over rows and cells that are not there', async () => {
    const xml =
      row(3, '<c r="B3"><v>1</v></c>', '<c r="D3"><v>2</v></c>') +
      row(9, '<c><v>7</v></c><c><v>8</v></c>') +
      row(10)
    expect(await rows(xml)).toEqual(['3: |1||2', '9: 7|8'])
  })

  it('counts days from its own epoch', async () => {
    const xml = row(1, '<c r="A1" s="1"><v>44681</v></c>', '<c r="B1" s="2"><v>44681</v></c>')
    const formats = [14, 'dd/mm/yyyy']
    expect(await rows(xml, { formats, date1904: true })).toEqual(['1: 2026-05-01|2026-05-01'])
    expect(await rows(xml, { formats })).toEqual(['1: 2022-04-30|2022-04-30'])
  })

  it('takes stored values of formulas, and refuses rows with formulas that have none', async () => {
    const xml =
      row(1, '<c r="A1"><f>0.1+0.2</f><v>0.30000000000000004</v></c>') +
      row(2, '<c r="A2"><v>1</v></c>', '<c r="C2"><f>SUM(A:A)</f></c>') +
      row(3, '<c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c>') +
      row(4, '<c r="A4" s="1"><v>60</v></c>') +
      row(5, '<c r="A5"><v>many</v></c>') +
      row(6, '<c r="A6" t="s"><v>99</v></c>') +
      row(7, '<c r="AAA7"><v>1</v></c>') +
      row(8, `<c r="A8" t="inlineStr"><is><t>${'x'.repeat(70_000)}</t></is></c>`) +
      row(9, '<c r="A9"><v>2</v></c>')
    expect(await rows(xml, { formats: [14] })).toEqual([
      '1: 0.3',
      '2! cell C2 has a formula without a stored value: open the file in a spreadsheet and save it',
      '3! cell A3 holds the error #DIV/0!',
      '4! cell A4 holds 60, which is no day',
      '5! cell A5 holds many, which is no number',
      '6! cell A6 refers to a text that the file lacks',
      '7! has a value in column AAA: too far right for a table',
      '8! is longer than 65536 characters: no row of a table',
      '9: 2',
    ])
  })

  it('of a writer with prefixes is the same', async () => {
    const parts = workbookParts({ sheets: { One: '' } })
    const sheet =
      '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    expect(await read(zipOf({ ...parts, 'xl/worksheets/sheet1.xml': sheet }))).toEqual(['1: 5'])
  })
})

describe('what is no safe workbook', () => {
  const bomb = (parts: Record<string, string>, claimed?: number) => read(zipOf(parts, claimed))
  const book = workbookParts({ sheets: { One: row(1, '<c><v>1</v></c>') } })

  it('is refused as it swells, whatever its headers say', async () => {
    const swollen = `<sst>${`<si><t>${'x'.repeat(10_000)}</t></si>`.repeat(2_000)}</sst>`
    await expect(bomb({ ...book, 'xl/sharedStrings.xml': swollen })).rejects.toThrow(
      /unpacks to more than \d+ MB/,
    )
    await expect(bomb({ ...book, 'xl/sharedStrings.xml': swollen }, 100)).rejects.toThrow(
      /can't be read|unpacks/,
    )
  })

  it('is refused when a text never ends, an entity is its own, or XML is broken', async () => {
    const endless = `<sst><si><t>${'x'.repeat(3_000_000)}</t></si></sst>`
    await expect(bomb({ ...book, 'xl/sharedStrings.xml': endless })).rejects.toThrow(/never ends/)
    const laughs = '<!DOCTYPE a [<!ENTITY b "bbbb">]><sst><si><t>&b;</t></si></sst>'
    await expect(bomb({ ...book, 'xl/sharedStrings.xml': laughs })).rejects.toThrow(
      /can't be read as a workbook/,
    )
    await expect(bomb({ ...book, 'xl/worksheets/sheet1.xml': '<worksheet><row>' })).rejects.toThrow(
      /can't be read/,
    )
  })

  it('is refused when it is none, old, or lacks the sheet', async () => {
    await expect(read(Buffer.from('PK\u0003\u0004garbage'))).rejects.toThrow(/can't be read as a workbook/)
    await expect(read(Buffer.from('d0cf11e0a1b11ae1', 'hex'))).rejects.toThrow(
      /old .xls workbook or has a password/,
    )
    await expect(read(workbookOf({ sheets: { One: '', Two: '' } }), 'Three')).rejects.toThrow(
      /no sheet Three; its sheets: One, Two/,
    )
    await expect(read(Buffer.from('a,b\n'), 'One')).rejects.toThrow(/no workbook/)
    await expect(read(zipOf({ 'readme.txt': 'hello' }))).rejects.toThrow(/no part xl\/workbook.xml/)
  })
})

it('rows come out as the sheet streams by: what is broken at its end is found after them', async () => {
  const many = Array.from(
    { length: 20_000 },
    (_, i) => `<row r="${i + 1}"><c t="inlineStr"><is><t>INV-${i}</t></is></c><c><v>${i}.25</v></c></row>`,
  ).join('')
  const parts = workbookParts({ sheets: { One: '' } })
  const file = fileOf(zipOf({ ...parts, 'xl/worksheets/sheet1.xml': `<worksheet>${many}` }), 'large.xlsx')
  const table = await openTable(file)
  let count = 0
  const reading = async () => {
    for await (const _one of table.records(() => ',')) count++
  }
  await expect(reading()).rejects.toThrow(/can't be read as a workbook/)
  expect(count).toBe(20_000)
}, 30_000)
