/** Net revenue and cash by day. Amounts become numbers here only, as positions on a canvas. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Day } from '../api.ts'
import { formatAxis, formatDate, formatMoney, type Language } from '../format.ts'
import { translate } from '../i18n.ts'

interface Props {
  readonly days: readonly Day[]
  readonly currency: string
  readonly language: Language
  readonly dark: boolean
}

const HEIGHT = 240
const REVENUE = 'rgb(59, 130, 246)'
const CASH = 'rgb(5, 150, 105)'

export function RevenueChart({ days, currency, language, dark }: Props) {
  const box = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const host = box.current
    if (host === null || days.length === 0) return
    const ink = dark ? '#cbd5e1' : '#475569'
    const grid = { stroke: dark ? '#334155' : '#e2e8f0', width: 1 }
    const amountAt =
      (pick: (day: Day) => string) => (_: uPlot, __: number | null, ___: number, index: number | null) => {
        const day = index === null ? undefined : days[index]
        return day === undefined ? '—' : formatMoney(pick(day), currency, language)
      }
    const plot = new uPlot(
      {
        width: host.clientWidth,
        height: HEIGHT,
        cursor: { drag: { x: false, y: false } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
        series: [
          {
            label: translate(language, 'date'),
            value: (_, seconds) =>
              seconds === null
                ? '—'
                : formatDate(new Date(seconds * 1000).toISOString().slice(0, 10), language),
          },
          {
            label: translate(language, 'netRevenue'),
            stroke: REVENUE,
            fill: 'rgba(59, 130, 246, 0.1)',
            width: 2,
            value: amountAt((d) => d.netRevenue.amount),
          },
          {
            label: translate(language, 'cashReceived'),
            stroke: CASH,
            width: 2,
            value: amountAt((d) => d.cashIn.amount),
          },
        ],
        axes: [
          {
            stroke: ink,
            grid,
            ticks: grid,
            values: (_, ticks) =>
              ticks.map((t) =>
                new Intl.DateTimeFormat(language === 'bn' ? 'bn-BD' : 'en-GB', {
                  day: 'numeric',
                  month: 'short',
                  timeZone: 'UTC',
                }).format(t * 1000),
              ),
          },
          {
            stroke: ink,
            grid,
            ticks: grid,
            size: 70,
            values: (_, ticks) => ticks.map((t) => formatAxis(t, currency, language)),
          },
        ],
      },
      [
        days.map((d) => Date.parse(`${d.date}T00:00:00Z`) / 1000),
        days.map((d) => Number(d.netRevenue.amount)),
        days.map((d) => Number(d.cashIn.amount)),
      ],
      host,
    )
    const observer = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: HEIGHT }))
    observer.observe(host)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [days, currency, language, dark])

  return <div class="chart" ref={box} role="img" aria-label={translate(language, 'chart')} />
}
