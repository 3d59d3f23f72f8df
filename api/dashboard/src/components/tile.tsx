/**
 * One KPI: value, change against the period before, and a sparkline of its daily movement where there is one. The button in
 * its heading is as large as the tile: it opens the view of the KPI.
 */
import type { Kpi } from '../api.ts'
import { formatDecimal, formatMeasure, type Language } from '../format.ts'
import { isLabel, translate } from '../i18n.ts'

interface Props {
  readonly name: string
  readonly kpi: Kpi
  readonly language: Language
  readonly partial: boolean
  readonly trend?: readonly number[]
  readonly moved: boolean
  readonly onOpen: () => void
}

const WIDTH = 120
const HEIGHT = 28

/** Points of a polyline over the values, scaled to the box; a flat series is a line in the middle. */
export function sparkline(values: readonly number[]): string {
  const min = Math.min(...values)
  const span = Math.max(...values) - min
  return values
    .map((v, i) => {
      const x = values.length === 1 ? WIDTH / 2 : (i / (values.length - 1)) * WIDTH
      const y = span === 0 ? HEIGHT / 2 : HEIGHT - 2 - ((v - min) / span) * (HEIGHT - 4)
      return `${x.toFixed(1)},${y.toFixed(1)}`
    })
    .join(' ')
}

function direction(change: string): 'up' | 'down' | 'flat' {
  if (/^-?0+(\.0+)?$/.test(change)) return 'flat'
  return change.startsWith('-') ? 'down' : 'up'
}

/** Where less is better, a rise is shown as a warning. */
const LOWER_IS_BETTER = new Set([
  'dso',
  'totalExpenses',
  'expenseGrowthRate',
  'receivables',
  'cashConversionCycle',
  'creditRisk',
])

const tone = (name: string, way: 'up' | 'down' | 'flat') =>
  way === 'flat' ? 'flat' : (way === 'up') === LOWER_IS_BETTER.has(name) ? 'worse' : 'better'

const ARROWS = { up: '▲', down: '▼', flat: '■' } as const

interface ChangeProps {
  readonly name: string
  readonly kpi: Kpi
  readonly language: Language
}

/** Against the window before. Percent of a percent misleads: the value before says it better. */
export function Change({ name, kpi, language }: ChangeProps) {
  const change = kpi.unit === 'percent' ? undefined : kpi.change
  return (
    <>
      {change !== undefined && (
        <span class={`change ${tone(name, direction(change))}`}>
          {ARROWS[direction(change)]} {formatDecimal(change.replace('-', ''), 1, language)}%
        </span>
      )}
      {kpi.previous !== undefined && (
        <span>
          {' '}
          {translate(language, 'previous', { value: formatMeasure(kpi.previous, kpi.unit, language) })}
        </span>
      )}
    </>
  )
}

export function Tile({ name, kpi, language, partial, trend, moved, onOpen }: Props) {
  const label = isLabel(name) ? translate(language, name) : name
  const reason =
    kpi.reason !== undefined && isLabel(kpi.reason) ? translate(language, kpi.reason) : kpi.reason
  return (
    <article class={`tile${moved ? ' moved' : ''}`} data-kpi={name} aria-label={label}>
      <h3>
        <button type="button" aria-haspopup="dialog" onClick={onOpen}>
          {label}
        </button>
      </h3>
      <p class="value" data-value={kpi.value ?? ''}>
        {kpi.value === null ? '—' : formatMeasure(kpi.value, kpi.unit, language)}
        {kpi.value !== null && kpi.unit === 'days' && <small> {translate(language, 'days')}</small>}
      </p>
      <p class="note">
        <Change name={name} kpi={kpi} language={language} />
        {kpi.value === null && reason !== undefined && <span>{reason}</span>}
      </p>
      {trend !== undefined && trend.length > 1 && (
        <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <polyline points={sparkline(trend)} />
        </svg>
      )}
      {partial && kpi.value !== null && (
        <p class="partial" title={translate(language, 'partial')}>
          ◔
        </p>
      )}
    </article>
  )
}
