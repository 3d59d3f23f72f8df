/** What `nikash explain` prints for an answer, and which names it takes a mistyped one for. */
import { describe, expect, it } from '@jest/globals'
import { differing, type Explanation, explanationText } from '../../../deploy/cli/explain-text.ts'
import { distance, nearNames } from '../../../deploy/cli/near-names.ts'
import { MEASURES } from '../../../schemas/rules/kpis.ts'

const bdt = (amount: string) => ({ amount, currency: 'BDT' })

const SALES: Explanation = {
  name: 'dso',
  window: '30d',
  asOf: '2026-06-30',
  from: '2026-06-01',
  to: '2026-06-30',
  value: '45.62500000',
  unit: 'days',
  meaning: 'How long customers take to pay.',
  formula: '(before + at the end) / 2 / sales x days',
  inputs: [
    { name: 'sales', value: '1234567.50', source: 'invoices' },
    { name: 'days', value: '30', source: null },
  ],
  input: 'sales',
  sum: bdt('1234567.50'),
  rowCount: 3,
  data: [
    {
      kind: 'invoice',
      id: 'i1',
      number: 'INV-1',
      party: 'Padma Textiles',
      date: '2026-06-02',
      amount: bdt('1500000.00'),
    },
    {
      kind: 'invoice_cancelled',
      id: 'i2',
      number: '',
      party: 'Meghna',
      date: '2026-06-09',
      amount: bdt('-0.50'),
    },
  ],
  page: { nextCursor: 'x', hasMore: true },
}

describe('the text of explain', () => {
  it('is the number, its formula, the inputs beside the sums of their documents, and the documents', () => {
    expect(explanationText('acme', [SALES]).split('\n')).toEqual([
      'dso of acme, 30d: 2026-06-01 to 2026-06-30',
      '',
      '  45.63 days',
      '',
      'How long customers take to pay.',
      '= (before + at the end) / 2 / sales x days',
      '',
      'input            name          value  documents     their sum',
      'Sales, with VAT  sales  12,34,567.50          3  12,34,567.50  the same',
      'Days             days             30                           a count, or made of the others',
      '',
      'Sales, with VAT (sales)',
      'date        document  kind               party                    BDT',
      '2026-06-02  INV-1     invoice            Padma Textiles  15,00,000.00',
      '2026-06-09  i2        invoice cancelled  Meghna                 -0.50',
      '                                         sum of all 3    12,34,567.50',
      'first 2 of 3: --limit N shows more',
    ])
  })

  it('rounds what has more decimals than its unit', () => {
    const average = { ...SALES, name: 'averageTransactionValue', value: '123456.78500000', unit: 'BDT' }
    expect(explanationText('acme', [average])).toContain('  1,23,456.79 BDT')
    expect(explanationText('acme', [{ ...average, value: '1234.5', unit: 'JPY' }])).toContain('  1,235 JPY')
    expect(explanationText('acme', [{ ...average, value: '-12.34500000', unit: 'percent' }])).toContain(
      '  -12.35 %',
    )
  })

  it('says which input its documents do not sum to', () => {
    const wrong = { ...SALES, sum: bdt('1234567.51') }
    expect([differing([SALES]), differing([wrong])]).toEqual([[], ['sales']])
    // Its own value moved as well: what is shown is that of the first answer.
    const first = { ...SALES, input: null, sum: null, data: [] }
    const moved = { ...wrong, inputs: [{ name: 'sales', value: '1234567.51', source: 'invoices' }] }
    expect(explanationText('acme', [first, moved])).toMatch(/sales +12,34,567\.50 .*DIFFERS/)
    const text = explanationText('acme', [wrong])
    expect(text).toMatch(/sales +12,34,567\.50 +3 +12,34,567\.51 +DIFFERS/)
    expect(text).toContain('The documents do not sum to sales')
  })

  it('says why there is no value, and where an input that is a KPI itself is explained', () => {
    const none: Explanation = {
      ...SALES,
      name: 'cashConversionCycle',
      value: null,
      reason: 'zero_denominator',
      inputs: [{ name: 'dso', value: '45.62500000', source: null }],
      input: null,
      sum: null,
      rowCount: 0,
      data: [],
    }
    const text = explanationText('acme', [none])
    expect(text).toContain('no value (zero_denominator): The formula divides by a figure that is 0 here')
    expect(text).toMatch(/Days sales outstanding +dso +45\.63 days +\.\/nikash explain dso/)
    expect(text).not.toContain('their sum of')
  })
})

describe('near names', () => {
  it.each([
    ['dos', ['dso']],
    ['NET_INCOME', ['netIncome']],
    ['netincme', ['netIncome']],
    ['gross margin', ['grossProfitMargin']],
    ['receivable', ['receivables', 'receivablesTurnover']],
    ['growth', ['revenueGrowthRate', 'expenseGrowthRate', 'customerGrowthRate']],
    ['happiness', []],
    ['---', []],
  ])('of %s are %j', (name, near) => {
    expect([...nearNames(name, MEASURES)].sort()).toEqual([...near].sort())
  })

  it('count letters that are missing, too many, wrong or swapped', () => {
    expect(['dso', 'ds', 'dsoo', 'dxo', 'dos', ''].map((name) => distance(name, 'dso'))).toEqual([
      0, 1, 1, 1, 1, 3,
    ])
  })
})
