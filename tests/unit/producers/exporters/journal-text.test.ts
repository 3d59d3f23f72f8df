/** The text of an exported journal: exact amounts, and names that can't mean anything to the program that reads it. */
import { describe, expect, it } from '@jest/globals'
import {
  csvText,
  type ExportedLine,
  hledgerAccount,
  hledgerText,
} from '../../../../producers/exporters/journal-text.ts'

const line: ExportedLine = {
  journalId: 'j-1',
  line: 1,
  entryDate: '2026-11-01',
  journalNumber: 'INV-2026-27-000001',
  kind: 'DOCUMENT',
  description: 'Invoice INV-2026-27-000001, Rahim',
  accountCode: '1200',
  accountName: 'Trade receivables',
  accountClass: 'ASSET',
  debit: '12345678901.2300',
  credit: '0.0000',
  currency: 'BDT',
  amount: '12345678901.2300',
  partyType: 'customer',
  partyId: 'c-1',
  sourceType: 'invoice',
  sourceId: 'i-1',
}
const sales: ExportedLine = {
  ...line,
  line: 2,
  accountCode: '4010',
  accountName: 'Sales',
  accountClass: 'INCOME',
  debit: '0.0000',
  credit: '12345678901.2300',
  currency: 'USD',
  amount: '100.0000',
  partyType: '',
  partyId: '',
}

describe('as hledger reads it', () => {
  it('an entry has its number, its lines with a sign, and what else is known as notes', () => {
    expect(hledgerText.head('acme', 'BDT')).toContain('commodity 1000.0000 BDT')
    expect(hledgerText.entry([line, sales], 'BDT')).toBe(
      [
        '',
        '2026-11-01 (INV-2026-27-000001) Invoice INV-2026-27-000001, Rahim  ; journal:j-1, kind:DOCUMENT',
        '    assets:1200 Trade receivables  12345678901.2300 BDT  ; customer:c-1',
        '    revenues:4010 Sales  -12345678901.2300 BDT  ; USD:100.0000',
        '',
      ].join('\n'),
    )
    expect(hledgerText.entry([], 'BDT')).toBe('')
  })

  it.each([
    ['Odd; name', '1200 Odd name'],
    ['a:b  c\n(d) [e] "f" | g', '1200 a b c d e f g'],
    ['প্রাপ্য হিসাব', '1200 প্রাপ্য হিসাব'],
  ])('the name %j is plain', (accountName, plain) => {
    expect(hledgerAccount({ ...line, accountName })).toBe(`assets:${plain}`)
  })

  it('an account of no class is not lost', () => {
    expect(hledgerAccount({ ...line, accountClass: '' })).toBe('unknown:1200 Trade receivables')
  })
})

describe('as CSV', () => {
  it('every cell is where the head says, quoted where it must be', () => {
    expect(csvText.head('acme', 'BDT').split(',')).toHaveLength(17)
    const [row] = csvText.entry([{ ...line, description: 'a, "b"\nc' }], 'BDT').split('\r')
    expect(row).toBe(
      '2026-11-01,INV-2026-27-000001,j-1,1,DOCUMENT,"a, ""b""\nc",1200,Trade receivables,ASSET,12345678901.2300,0.0000,' +
        'BDT,12345678901.2300,customer,c-1,invoice,i-1\n',
    )
  })
})
