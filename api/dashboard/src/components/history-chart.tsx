/** A KPI over time as a line. Values become numbers here only, as positions on a canvas. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatAxis, formatDate, formatMeasure, type Language } from '../format.ts'
import { translate } from '../i18n.ts'
import { type Grain, type HistoryPoint, secondsOf } from '../kpi-history.ts'

interface Props {
  readonly title: string
  readonly points: readonly HistoryPoint[]
  readonly grain: Grain
  readonly currency: string
  readonly language: Language
  readonly dark: boolean
}

const HEIGHT = 190
const HOUR_S = 3600
/** A point that is alone has no span to be drawn over: so much is shown on each side of it. */
const AROUND: Readonly<Record<Grain, number>> = { hour: 3 * HOUR_S, day: 72 * HOUR_S, month: 1080 * HOUR_S }

export function HistoryChart({ title, points, grain, currency, language, dark }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const show = (point: HistoryPoint | undefined) =>
    point === undefined || point.value === null ? '—' : formatMeasure(point.value, point.unit, language)
  const time = (seconds: number) =>
    grain === 'hour'
      ? new Intl.DateTimeFormat(language === 'bn' ? 'bn-BD' : 'en-GB', {
          day: 'numeric',
          month: 'short',
          hour: '2-digit',
          minute: '2-digit',
        }).format(seconds * 1000)
      : formatDate(new Date(seconds * 1000).toISOString().slice(0, 10), language)

  useEffect(() => {
    const host = box.current
    if (host === null) return
    const style = getComputedStyle(host)
    const [ink, line, accent] = ['--muted', '--line', '--accent'].map((name) => style.getPropertyValue(name))
    const [only] = points
    const alone = points.length === 1 && only !== undefined ? secondsOf(only, grain) : undefined
    const grid = { stroke: line ?? '', width: 1 }
    const plot = new uPlot(
      {
        width: host.clientWidth,
        height: HEIGHT,
        cursor: { drag: { x: false, y: false } },
        scales: {
          x: alone === undefined ? {} : { range: () => [alone - AROUND[grain], alone + AROUND[grain]] },
        },
        ...(grain === 'hour'
          ? {}
          : { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), 'UTC') }),
        series: [
          {
            label: translate(language, 'date'),
            value: (_, seconds) => (seconds === null ? '—' : time(seconds)),
          },
          {
            label: title,
            stroke: accent ?? '',
            width: 2,
            points: { show: points.length < 40, size: 6 },
            value: (_, __, ___, index) => show(index === null ? undefined : points[index]),
          },
        ],
        axes: [
          {
            stroke: ink ?? '',
            grid,
            ticks: grid,
            space: 70,
            values: (_, ticks) =>
              ticks.map((t) =>
                new Intl.DateTimeFormat(
                  language === 'bn' ? 'bn-BD' : 'en-GB',
                  grain === 'hour' && new Date(t * 1000).getHours() !== 0
                    ? { hour: '2-digit', minute: '2-digit' }
                    : { day: 'numeric', month: 'short', ...(grain === 'hour' ? {} : { timeZone: 'UTC' }) },
                ).format(t * 1000),
              ),
          },
          {
            stroke: ink ?? '',
            grid,
            ticks: grid,
            size: 70,
            values: (_, ticks) => ticks.map((t) => formatAxis(t, currency, language)),
          },
        ],
      },
      [
        points.map((point) => secondsOf(point, grain)),
        points.map(({ value }) => (value === null ? null : Number(value))),
      ],
      host,
    )
    const observer = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: HEIGHT }))
    observer.observe(host)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [title, points, grain, currency, language, dark])

  const first = points[0]
  const last = points.at(-1)
  const text =
    first === undefined || last === undefined
      ? title
      : translate(language, 'historyText', {
          name: title,
          from: time(secondsOf(first, grain)),
          to: time(secondsOf(last, grain)),
          first: show(first),
          last: show(last),
        })
  return <div class="chart history" ref={box} role="img" aria-label={text} data-points={points.length} />
}
