/** The tiles of a period, and the view of the one that was opened. */
import { useState } from 'preact/hooks'
import type { Api, Kpi } from '../api.ts'
import type { Language } from '../format.ts'
import { type Label, translate } from '../i18n.ts'
import { useMoved } from '../state.ts'
import { KpiView } from './kpi-view.tsx'
import { Tile } from './tile.tsx'

const TILES = [
  'netRevenue',
  'totalRevenue',
  'cashReceived',
  'receivables',
  'dso',
  'totalExpenses',
  'netProfit',
  'profitMargin',
  'netIncome',
  'netProfitMargin',
  'revenueGrowthRate',
  'averageTransactionValue',
  'cashPosition',
  'currentRatio',
  'quickRatio',
  'grossProfitMargin',
  'operatingCashFlow',
  'dpo',
  'cashConversionCycle',
  'creditRisk',
]
const SKELETONS = 8

interface Props {
  readonly api: Api
  /** Undefined while they are loaded. */
  readonly values: Readonly<Record<string, Kpi>> | undefined
  readonly window: string
  /** Undefined = today, live. */
  readonly asOf: string | undefined
  readonly today: string
  readonly partial: boolean
  readonly trends: Readonly<Record<string, readonly number[]>>
  readonly currency: string
  readonly language: Language
  readonly dark: boolean
}

export function Tiles(props: Props) {
  const { api, values, window, asOf, today, partial, trends, currency, language, dark } = props
  const [opened, setOpened] = useState<string>()
  const moved = useMoved(
    Object.fromEntries(Object.entries(values ?? {}).map(([name, kpi]) => [name, kpi.value ?? ''])),
  )
  const view = opened === undefined ? undefined : values?.[opened]
  return (
    <>
      <section class="tiles" aria-busy={values === undefined}>
        {values === undefined
          ? TILES.slice(0, SKELETONS).map((name) => (
              <article key={name} class="tile skeleton">
                <h3>{translate(language, name as Label)}</h3>
                <p class="value">…</p>
              </article>
            ))
          : TILES.map((name) => {
              const kpi = values[name]
              const trend = trends[name]
              return kpi === undefined ? null : (
                <Tile
                  key={name}
                  name={name}
                  kpi={kpi}
                  language={language}
                  partial={partial}
                  moved={moved.has(name)}
                  onOpen={() => setOpened(name)}
                  {...(trend === undefined ? {} : { trend })}
                />
              )
            })}
      </section>
      {opened !== undefined && view !== undefined && (
        <KpiView
          api={api}
          name={opened}
          kpi={view}
          window={window}
          asOf={asOf}
          today={today}
          partial={partial}
          moved={moved.has(opened)}
          currency={currency}
          language={language}
          dark={dark}
          onOpen={setOpened}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  )
}
