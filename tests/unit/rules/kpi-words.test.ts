/** The words of KPIs against the KPIs themselves: none without words, no words of what is not there. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ORIGINS } from '../../../api/reads/explain.ts'
import { INPUT_WORDS, KIND_WORDS, REASON_WORDS } from '../../../schemas/rules/kpi-input-words.ts'
import { KPI_WORDS, wordsOfKpi } from '../../../schemas/rules/kpi-words.ts'
import { computeKpis, FigureSeries, MEASURES, NO_FIGURES } from '../../../schemas/rules/kpis.ts'
import { LEDGER_INPUTS } from '../../../schemas/rules/ledger-inputs.ts'
import { parseDay } from '../../../schemas/values/calendar.ts'
import { ledgerOf } from '../../support/small-ledger.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

describe('words of KPIs', () => {
  it('are there for every KPI, and for no other', () => {
    expect(Object.keys(KPI_WORDS).sort()).toEqual([...MEASURES].sort())
    expect(wordsOfKpi('dso')?.formula).toContain('/ 2 / sales x days')
    expect(wordsOfKpi('toString')).toBeUndefined()
  })

  it('name every input that a KPI shows, with a ledger and without one', () => {
    const series = new FigureSeries([
      { ...NO_FIGURES, day: parseDay('2026-05-01'), sales: 10_000n, netRevenue: 10_000n, invoices: 1 },
    ])
    const ledger = ledgerOf([
      ['2026-05-02', { RECEIVABLE: 100, REVENUE: -100 }],
      ['2026-05-03', { INVENTORY: 50, PAYABLE: -50 }],
      ['2026-05-04', { COGS: 30, INVENTORY: -30 }],
    ])
    const asked = { series, asOf: parseDay('2026-05-31'), fiscalYearStart: '07-01', currency: 'BDT' }
    const results = [
      ...computeKpis({ ...asked, aging: [1n, 1n, 1n, 1n, 1n] }),
      ...computeKpis({ ...asked, ledger }),
    ]
    const shown = new Set(results.flatMap(({ measures }) => measures.flatMap((m) => Object.keys(m.inputs))))
    expect([...shown]).toEqual(expect.arrayContaining(['notDue', 'movement', 'dio', 'invoices', 'earnings']))
    const explained = [...Object.keys(LEDGER_INPUTS), ...Object.keys(ORIGINS)]
    const named = Object.keys(INPUT_WORDS)
    expect([...shown, ...explained].filter((name) => !named.includes(name))).toEqual([])
    expect(named.filter((name) => !shown.has(name) && !explained.includes(name))).toEqual([])
  })

  it('name every kind of row of explain, and no other', () => {
    const text = textOf('api/reads/explain.ts')
    const kinds = [...text.matchAll(/`'(\w+)'`|'(open_invoice|unapplied_\w+)'/g)].map(
      ([, whole, part]) => whole ?? part ?? '',
    )
    expect([...new Set(kinds)].sort()).toEqual(Object.keys(KIND_WORDS).sort())
  })

  it('name every reason', () => {
    const [, union] = /MeasureReason = (.*)/.exec(textOf('schemas/rules/kpis/kit.ts')) ?? []
    expect((union ?? '').split(' | ').map((reason) => reason.replaceAll("'", ''))).toEqual(
      Object.keys(REASON_WORDS),
    )
  })
})
