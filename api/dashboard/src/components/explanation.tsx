/** Why a KPI is the number it is: its inputs, and the documents whose sum one of them is. */
import { useState } from 'preact/hooks'
import { unitOfInput } from '../../../../schemas/rules/kpi-input-words.ts'
import { wordsOfKpi } from '../../../../schemas/rules/kpi-words.ts'
import type { Api } from '../api.ts'
import { formatCount, formatDate, formatMeasure, formatMoney, type Language } from '../format.ts'
import { translate } from '../i18n.ts'
import { inputWord, kindWord } from '../kpi-words.ts'
import { type Explanation as Answer, useExplanation } from '../kpi-read.ts'
import { useThrottled } from '../state.ts'

interface Props {
  readonly api: Api
  readonly name: string
  readonly window: string
  readonly asOf: string | undefined
  readonly currency: string
  readonly language: Language
  /** Value and inputs as they were pushed; without inputs those of the answer are shown. */
  readonly value: string | null
  readonly inputs: Readonly<Record<string, string>> | undefined
  /** Shows another KPI, of which this one is made. */
  readonly onOpen: (name: string) => void
}

/** A figure can move several times a second; its documents are read again at most so often. */
const READ_AGAIN_MS = 3000

export function Explanation({ api, name, window, asOf, currency, language, value, inputs, onOpen }: Props) {
  const [chosen, setChosen] = useState<{ readonly of: string; readonly input: string }>()
  const input = chosen?.of === name ? chosen.input : undefined
  const version = useThrottled(JSON.stringify([value, inputs]), READ_AGAIN_MS)
  const read = useExplanation(api, { name, window, asOf, input }, version)
  const { answer, error } = read
  // The pushed inputs are there at once; which of them have documents, the answer says.
  const shown =
    read.inputs?.map((one) => ({ ...one, value: inputs?.[one.name] ?? one.value })) ??
    (inputs && Object.entries(inputs).map(([of, text]) => ({ name: of, value: text, source: null })))
  const figure = (of: string, text: string) => {
    const unit = unitOfInput(of)
    const measure = formatMeasure(text, unit === 'currency' ? currency : unit, language)
    return unit === 'days' ? `${measure} ${translate(language, 'days')}` : measure
  }
  return (
    <section class="why" aria-labelledby="why-title">
      <h3 id="why-title">{translate(language, 'why')}</h3>
      {error !== undefined && (
        <p class="error" role="alert">
          {translate(language, 'failed', { reason: error })}{' '}
          <button type="button" onClick={read.reload}>
            {translate(language, 'retry')}
          </button>
        </p>
      )}
      {shown?.length === 0 && <p class="note">{translate(language, 'noInputs')}</p>}
      {shown !== undefined && shown.length > 0 && (
        <ul class="inputs" aria-label={translate(language, 'inputs')}>
          {shown.map((one) => {
            const text = (
              <>
                <span>{inputWord(one.name, language)}</span>
                <span class="amount">{figure(one.name, one.value)}</span>
              </>
            )
            return (
              <li key={one.name} data-input={one.name} data-value={one.value}>
                {one.source !== null ? (
                  <button
                    type="button"
                    aria-pressed={(input ?? answer?.input) === one.name}
                    onClick={() => setChosen({ of: name, input: one.name })}
                  >
                    {text}
                  </button>
                ) : read.inputs !== undefined && one.name !== name && wordsOfKpi(one.name) !== undefined ? (
                  <button type="button" onClick={() => onOpen(one.name)}>
                    {text}
                  </button>
                ) : (
                  <p>{text}</p>
                )}
              </li>
            )
          })}
        </ul>
      )}
      {answer === undefined && error === undefined && (
        <p class="skeleton">{translate(language, 'loading')}…</p>
      )}
      {answer !== undefined && answer.input !== null && (
        <Documents
          answer={answer}
          name={name}
          language={language}
          settled={shown?.find((one) => one.name === answer.input)?.value === answer.sum?.amount}
          more={read.more}
          isWhole={read.isWhole}
        />
      )}
    </section>
  )
}

interface DocumentsProps {
  readonly answer: Answer
  readonly name: string
  readonly language: Language
  /** The documents sum to the input as it is shown. */
  readonly settled: boolean
  readonly more: (() => void) | undefined
  readonly isWhole: boolean
}

function Documents({ answer, name, language, settled, more, isWhole }: DocumentsProps) {
  const { input, sum, rowCount, data } = answer
  const title = translate(language, 'documentsOf', { name: inputWord(input ?? '', language) })
  const count = (n: number) => formatCount(n, language)
  if (rowCount === 0) return <p class="note">{`${title}: ${translate(language, 'noDocuments')}`}</p>
  return (
    <>
      <h4 id="documents-title">{title}</h4>
      <div class="scroll documents" tabindex={0} role="region" aria-labelledby="documents-title">
        <table data-documents={input}>
          <thead>
            <tr>
              <th>{translate(language, 'date')}</th>
              <th>{translate(language, 'document')}</th>
              <th>{translate(language, 'kind')}</th>
              <th>{translate(language, 'party')}</th>
              <th class="num">{translate(language, 'amount')}</th>
            </tr>
          </thead>
          <tbody>
            {data.map(({ kind, id, number, party, date, amount }) => (
              <tr key={`${kind} ${id} ${date}`}>
                <td>{formatDate(date, language)}</td>
                <td>{number === '' ? id : number}</td>
                <td>{kindWord(kind, language)}</td>
                <td>{party}</td>
                <td class={amount.amount.startsWith('-') ? 'num below' : 'num'}>
                  {formatMoney(amount.amount, amount.currency, language)}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={4}>
                {translate(language, 'sumOfAll', { total: count(rowCount) })}
              </th>
              <td class="num" data-sum={sum?.amount}>
                {sum === null ? '' : formatMoney(sum.amount, sum.currency, language)}
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
      <p class={settled ? 'holds' : 'note'} data-settled={String(settled)}>
        {translate(language, settled ? 'sumHolds' : 'sumBehind')}
      </p>
      {!isWhole && (
        <p class="note">
          {translate(language, 'firstOf', { n: count(data.length), total: count(rowCount) })}{' '}
          {more === undefined ? (
            translate(language, 'restElsewhere', { name, input: input ?? '', total: String(rowCount) })
          ) : (
            <button type="button" onClick={more}>
              {translate(language, 'more')}
            </button>
          )}
        </p>
      )}
    </>
  )
}
