/**
 * One KPI in a dialog: the value as it moves, what it means, how it stood over time, and why it is what it is. A modal
 * dialog of the browser: focus stays in it, Escape closes it, and focus goes back to the tile.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Api, Kpi } from '../api.ts'
import { formatDate, formatMeasure, type Language } from '../format.ts'
import { isLabel, type Label, translate } from '../i18n.ts'
import { GRAINS, type Grain, type HistoryPoint, withNow } from '../kpi-history.ts'
import { useHistory } from '../kpi-read.ts'
import { inputWord, kpiWords, reasonWord } from '../kpi-words.ts'
import { Explanation } from './explanation.tsx'
import { HistoryChart } from './history-chart.tsx'
import { Change } from './tile.tsx'

interface Props {
  readonly api: Api
  readonly name: string
  /** As it stands: pushed today, else read. */
  readonly kpi: Kpi
  readonly window: string
  /** Undefined = today, live. */
  readonly asOf: string | undefined
  readonly today: string
  readonly partial: boolean
  readonly moved: boolean
  readonly currency: string
  readonly language: Language
  readonly dark: boolean
  readonly onOpen: (name: string) => void
  readonly onClose: () => void
}

export function KpiView(props: Props) {
  const { api, name, kpi, window, asOf, today, partial, moved, currency, language, dark } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const [grain, setGrain] = useState<Grain>('day')
  const opened = useRef(false)
  useEffect(() => {
    if (opened.current) heading.current?.focus()
    else dialog.current?.showModal()
    opened.current = true
  }, [name])

  const title = isLabel(name) ? translate(language, name) : inputWord(name, language)
  const words = kpiWords(name, language)
  const history = useHistory(api, { name, window, asOf, grain })
  const [openedAt] = useState(() => new Date().toISOString())
  const points = useMemo(() => {
    const now: HistoryPoint = { asOf: today, at: openedAt, value: kpi.value, unit: kpi.unit }
    return history.points && withNow(history.points, grain, asOf === undefined ? now : undefined)
  }, [history.points, grain, asOf, today, kpi.value])
  const shown = (value: string) => formatMeasure(value, kpi.unit, language)
  return (
    <dialog ref={dialog} class="kpi" data-view={name} onClose={props.onClose} aria-labelledby="kpi-title">
      <header>
        <h2 id="kpi-title" ref={heading} tabindex={-1}>
          {title}
          <small>
            {' '}
            {translate(language, `w${window}` as Label)} · {formatDate(asOf ?? today, language)}
          </small>
        </h2>
        <button type="button" class="plain" onClick={() => dialog.current?.close()}>
          {translate(language, 'close')}
        </button>
      </header>
      <p class={`value${moved ? ' moved' : ''}`} data-value={kpi.value ?? ''}>
        {kpi.value === null ? translate(language, 'noValue') : shown(kpi.value)}
        {kpi.value !== null && kpi.unit === 'days' && <small> {translate(language, 'days')}</small>}
      </p>
      <p class="note">
        <Change name={name} kpi={kpi} language={language} />
        {kpi.lastYear !== undefined && (
          <span> · {translate(language, 'lastYear', { value: shown(kpi.lastYear) })}</span>
        )}
      </p>
      {kpi.reason !== undefined && (
        <p class="reason" data-reason={kpi.reason}>
          {reasonWord(kpi.reason, language)}
        </p>
      )}
      {partial && <p class="note">◔ {translate(language, 'partial')}</p>}
      {words !== undefined && (
        <>
          <p class="meaning">{words.meaning}</p>
          <p class="formula">
            <span class="note">{translate(language, 'formula')}</span> {words.formula}
          </p>
        </>
      )}

      <section aria-labelledby="history-title">
        <header>
          <h3 id="history-title">{translate(language, 'history')}</h3>
          <div class="segmented" role="group" aria-labelledby="history-title">
            {GRAINS.map((one) => (
              <button key={one} type="button" aria-pressed={grain === one} onClick={() => setGrain(one)}>
                {translate(language, `grain${one.charAt(0).toUpperCase()}${one.slice(1)}` as Label)}
              </button>
            ))}
          </div>
        </header>
        {history.error !== undefined && !history.loading && (
          <p class="error" role="alert">
            {translate(language, 'failed', { reason: history.error })}{' '}
            <button type="button" onClick={history.reload}>
              {translate(language, 'retry')}
            </button>
          </p>
        )}
        {points === undefined
          ? history.error === undefined && <p class="skeleton">{translate(language, 'loading')}…</p>
          : points.length > 0 && (
              <HistoryChart
                title={title}
                points={points}
                grain={grain}
                currency={currency}
                language={language}
                dark={dark}
              />
            )}
        {points !== undefined && points.length < 2 && (
          <p class="note">{translate(language, points.length === 0 ? 'historyNone' : 'historyBegins')}</p>
        )}
      </section>

      <Explanation
        api={api}
        name={name}
        window={window}
        asOf={asOf}
        currency={currency}
        language={language}
        value={kpi.value}
        inputs={kpi.inputs}
        onOpen={props.onOpen}
      />
    </dialog>
  )
}
