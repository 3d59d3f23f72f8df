/**
 * Aging bars of one side of the books with drill-down: each bar opens the documents behind it. Widths are shares of the
 * largest bucket.
 */
import type { AgingAnswer, Money } from '../api.ts'
import type { Side } from '../aging.ts'
import { formatMoney, type Language } from '../format.ts'
import { bucketName, translate } from '../i18n.ts'

interface Props {
  readonly side: Side
  readonly aging: AgingAnswer
  readonly language: Language
  readonly moved: ReadonlySet<string>
  readonly onOpen: (bucket: string) => void
  readonly onBasis: (basis: 'due' | 'posting') => void
}

const positive = (money: Money) => Math.max(0, Number(money.amount))

export function AgingBars({ side, aging, language, moved, onOpen, onBasis }: Props) {
  const largest = Math.max(1, ...aging.buckets.map((b) => positive(b.amount)))
  const of = side.labels
  const money = (m: Money) => formatMoney(m.amount, m.currency, language)
  return (
    <section class="panel aging" data-side={side.name} aria-labelledby={`${side.name}-title`}>
      <header>
        <h2 id={`${side.name}-title`}>{translate(language, of.title)}</h2>
        <div class="segmented" role="group">
          {(['due', 'posting'] as const).map((basis) => (
            <button
              key={basis}
              type="button"
              aria-pressed={aging.basis === basis}
              onClick={() => onBasis(basis)}
            >
              {translate(language, basis === 'due' ? 'basisDue' : of.posting)}
            </button>
          ))}
        </div>
      </header>
      <ul>
        {aging.buckets.map((bucket, index) => (
          <li key={bucket.label}>
            <button
              type="button"
              class={moved.has(bucket.label) ? 'moved' : ''}
              data-bucket={bucket.label}
              data-amount={bucket.amount.amount}
              onClick={() => onOpen(bucket.label)}
            >
              <span class="label">{bucketName(bucket.label, language)}</span>
              <span class="bar" aria-hidden="true">
                <span
                  class={`fill b${Math.min(index, 4)}`}
                  style={{ width: `${(positive(bucket.amount) / largest) * 100}%` }}
                />
              </span>
              <span class="amount">{money(bucket.amount)}</span>
            </button>
          </li>
        ))}
      </ul>
      <dl>
        {positive(aging.disputed) > 0 && (
          <div>
            <dt>{translate(language, 'disputed')}</dt>
            <dd>{money(aging.disputed)}</dd>
          </div>
        )}
        <div>
          <dt>{translate(language, of.unapplied)}</dt>
          <dd data-total="unapplied">{money(aging.unapplied)}</dd>
        </div>
        <div class="sum">
          <dt>{translate(language, of.total)}</dt>
          <dd data-total="total">{money(aging.total)}</dd>
        </div>
      </dl>
    </section>
  )
}
