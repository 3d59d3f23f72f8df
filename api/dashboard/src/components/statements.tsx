/** The statements: which one, as of which day or over which period, beside what, as a table. */
import { useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { formatDate, formatMoney, type Language } from '../format.ts'
import { type Label, translate } from '../i18n.ts'
import { holds, rowsOf, type StatementAnswer, type StatementName, STATEMENTS } from '../statement-rows.ts'
import { useLoaded } from '../state.ts'

interface Props {
  readonly api: Api
  readonly language: Language
  readonly today: string
}

const COMPARISONS = ['none', 'previous', 'lastYear'] as const
const METHODS = ['direct', 'indirect'] as const

export function Statements({ api, language, today }: Props) {
  const [name, setName] = useState<StatementName>('balance-sheet')
  const [compare, setCompare] = useState<string>('previous')
  const [method, setMethod] = useState<string>('direct')
  const [from, setFrom] = useState<string>()
  const [to, setTo] = useState<string>()
  const last = to ?? today
  const isBalance = name === 'balance-sheet'
  const query = {
    ...(isBalance || from === undefined ? { asOf: last } : { from, to: last }),
    compare,
    ...(name === 'cash-flow' ? { method } : {}),
  }
  const key = JSON.stringify([name, query])
  const read = useLoaded<{ readonly name: StatementName; readonly answer: StatementAnswer }>(
    key,
    async (signal) => ({
      name,
      answer: await api.get<StatementAnswer>(`/v1/reports/${name}`, query, signal),
    }),
  )
  const shown = read.value?.name === name ? read.value.answer : undefined
  const words = (label: Label) => translate(language, label)
  return (
    <section class="panel statements" aria-busy={read.loading}>
      <h2 class="hidden">{words('statements')}</h2>
      <div class="controls">
        <div class="segmented" role="group" aria-label={words('statements')}>
          {STATEMENTS.map((one) => (
            <button key={one} type="button" aria-pressed={name === one} onClick={() => setName(one)}>
              {words(one)}
            </button>
          ))}
        </div>
        {!isBalance && (
          <label>
            {words('fromDay')}{' '}
            <input
              type="date"
              name="from"
              max={last}
              value={from ?? shown?.columns[0]?.from ?? ''}
              onChange={(e) => setFrom(e.currentTarget.value === '' ? undefined : e.currentTarget.value)}
            />
          </label>
        )}
        <label>
          {words(isBalance ? 'asOf' : 'toDay')}{' '}
          <input
            type="date"
            name="to"
            value={last}
            onChange={(e) => setTo(e.currentTarget.value === '' ? undefined : e.currentTarget.value)}
          />
        </label>
        <label>
          {words('compareWith')}{' '}
          <select name="compare" value={compare} onChange={(e) => setCompare(e.currentTarget.value)}>
            {COMPARISONS.map((one) => (
              <option key={one} value={one}>
                {words(`compare-${one}`)}
              </option>
            ))}
          </select>
        </label>
        {name === 'cash-flow' && (
          <label>
            {words('method')}{' '}
            <select name="method" value={method} onChange={(e) => setMethod(e.currentTarget.value)}>
              {METHODS.map((one) => (
                <option key={one} value={one}>
                  {words(one)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {read.error !== undefined && !read.loading && (
        <p class="error" role="alert">
          {translate(language, 'failed', { reason: read.error })}{' '}
          <button type="button" onClick={read.reload}>
            {words('retry')}
          </button>
        </p>
      )}
      {shown === undefined ? (
        <p class="skeleton">{words('loading')}…</p>
      ) : (
        <Table name={name} answer={shown} language={language} />
      )}
    </section>
  )
}

interface TableProps {
  readonly name: StatementName
  readonly answer: StatementAnswer
  readonly language: Language
}

function Table({ name, answer, language }: TableProps) {
  const rows = rowsOf(name, answer, language)
  const whole = holds(answer)
  if (answer.sections.every(({ groups }) => groups.length === 0)) {
    return <p class="empty">{translate(language, 'nothingPosted')}</p>
  }
  return (
    <>
      <div class="scroll" tabindex={0} role="region" aria-label={translate(language, name)}>
        <table data-statement={name}>
          <thead>
            <tr>
              <th>{translate(language, 'account')}</th>
              {answer.columns.map(({ asOf, from, to }, i) => (
                <th key={i} class="num">
                  {asOf === undefined
                    ? `${formatDate(from ?? '', language)} – ${formatDate(to ?? '', language)}`
                    : formatDate(asOf, language)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key} class={row.kind} data-row={row.key}>
                {row.kind === 'heading' ? (
                  <th scope="rowgroup" colSpan={1 + answer.columns.length}>
                    {row.text}
                  </th>
                ) : (
                  <>
                    <th scope="row">
                      {row.code !== undefined && <small>{row.code} </small>}
                      {row.text}
                    </th>
                    {row.amounts.map(({ amount, currency }, i) => (
                      <td key={i} class={amount.startsWith('-') ? 'num below' : 'num'} data-amount={amount}>
                        {formatMoney(amount, currency, language)}
                      </td>
                    ))}
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {whole !== undefined && (
        <p class={whole ? 'holds' : 'error'} role="status" data-balanced={String(whole)}>
          {translate(language, whole ? 'balances' : 'doesNotBalance')}
        </p>
      )}
    </>
  )
}
