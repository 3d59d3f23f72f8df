/**
 * Owns how `explain` reads: the number, its formula, the inputs beside the sums of their documents, and the documents.
 * PURE. Amounts are grouped as on the page (lakh for BDT), and stand in columns that a reader can add up.
 */
import { formatAmount, formatCount, formatDecimal } from '../../api/dashboard/src/format.ts'
import {
  INPUT_WORDS,
  KIND_WORDS,
  REASON_WORDS,
  unitOfInput,
  wordOf,
} from '../../schemas/rules/kpi-input-words.ts'
import { wordsOfKpi } from '../../schemas/rules/kpi-words.ts'
import { minorDigits } from '../../schemas/values/amount.ts'
import { table } from './output.ts'

type Money = { readonly amount: string; readonly currency: string }
type Row = {
  readonly kind: string
  readonly id: string
  readonly number: string
  readonly party: string
  readonly date: string
  readonly amount: Money
}

/** What GET /v1/kpis/{name}/explain answers. */
export type Explanation = {
  readonly name: string
  readonly window: string
  readonly asOf: string
  readonly from: string
  readonly to: string
  readonly value: string | null
  readonly unit: string
  readonly reason?: string
  readonly meaning: string
  readonly formula: string
  readonly inputs: ReadonlyArray<{
    readonly name: string
    readonly value: string
    readonly source: string | null
  }>
  readonly input: string | null
  readonly sum: Money | null
  readonly rowCount: number
  readonly data: readonly Row[]
  readonly page: { readonly nextCursor: string | null; readonly hasMore: boolean }
}

/** The inputs, as the first of the answers has them, that the documents of theirs do not sum to, to the last digit. */
export const differing = (found: readonly Explanation[]): readonly string[] =>
  found.flatMap(({ input, sum }) => {
    if (input === null) return []
    const value = found[0]?.inputs.find(({ name }) => name === input)?.value
    return value === sum?.amount ? [] : [input]
  })

const isCurrency = (unit: string): boolean => /^[A-Z]{3}$/.test(unit)

/** Ratios have eight decimals and are shown with two: the exact value is in -o json. */
const valueText = ({ value, unit, reason }: Explanation): string => {
  if (value === null) return `no value (${reason}): ${wordOf(REASON_WORDS, reason ?? '')}`
  const shown = isCurrency(unit)
    ? formatAmount(value, unit, 'en', minorDigits(unit))
    : formatDecimal(value, 2, 'en')
  const warned = reason === undefined ? '' : ` (${reason}: ${wordOf(REASON_WORDS, reason)})`
  return `${shown} ${unit === 'percent' ? '%' : unit}${warned}`
}

const inputText = (name: string, value: string, currency: string): string =>
  unitOfInput(name) === 'currency'
    ? formatAmount(value, currency, 'en')
    : unitOfInput(name) === 'days'
      ? `${formatDecimal(value, 2, 'en')} days`
      : formatCount(Number(value), 'en')

/** Cells of a column, as wide as the widest, their last digits below one another. */
const right = (cells: readonly string[]): readonly string[] => {
  const width = Math.max(0, ...cells.map((cell) => cell.length))
  return cells.map((cell) => cell.padStart(width))
}

/** A table whose columns of figures are named by their place. */
const figures = (
  header: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  at: readonly number[],
) => {
  const all = [header, ...rows]
  const columns = header.map((_, i) => {
    const cells = all.map((row) => row[i] ?? '')
    return at.includes(i) ? right(cells) : cells
  })
  const [head, ...body] = all.map((_, row) => columns.map((cells) => cells[row] ?? ''))
  return table(head ?? [], body)
}

const inputsTable = (found: readonly Explanation[], currency: string): string => {
  const [first] = found
  const rows = (first?.inputs ?? []).map(({ name, value, source }) => {
    const of = found.find(({ input }) => input === name)
    const sum = of?.sum ?? null
    const verdict =
      source !== null
        ? of === undefined
          ? `not shown: --input ${name}`
          : sum?.amount === value
            ? 'the same'
            : 'DIFFERS'
        : wordsOfKpi(name) === undefined
          ? 'a count, or made of the others'
          : `./nikash explain ${name}`
    return [
      wordOf(INPUT_WORDS, name),
      name,
      inputText(name, value, currency),
      of === undefined ? '' : formatCount(of.rowCount, 'en'),
      sum === null ? '' : formatAmount(sum.amount, sum.currency, 'en'),
      verdict,
    ]
  })
  return figures(['input', 'name', 'value', 'documents', 'their sum', ''], rows, [2, 3, 4])
}

const documents = (one: Explanation): string => {
  const { input, sum, rowCount, data } = one
  const title = `${wordOf(INPUT_WORDS, input ?? '')} (${input})`
  if (rowCount === 0) return `${title}: no documents.`
  const rows = data.map(({ date, number, id, kind, party, amount }) => [
    date,
    number === '' ? id : number,
    wordOf(KIND_WORDS, kind),
    party,
    formatAmount(amount.amount, amount.currency, 'en'),
  ])
  const total = [
    '',
    '',
    '',
    `sum of all ${formatCount(rowCount, 'en')}`,
    formatAmount(sum?.amount ?? '0', sum?.currency ?? '', 'en'),
  ]
  const cut = data.length < rowCount ? `\nfirst ${data.length} of ${rowCount}: --limit N shows more` : ''
  return `${title}\n${figures(['date', 'document', 'kind', 'party', sum?.currency ?? ''], [...rows, total], [4])}${cut}`
}

/** All of it; `found` are the answers for each input that is shown, of one state of the books. */
export function explanationText(tenant: string, found: readonly Explanation[]): string {
  const [first] = found
  if (first === undefined) return ''
  const currency =
    found.find(({ sum }) => sum !== null)?.sum?.currency ?? (isCurrency(first.unit) ? first.unit : '')
  const wrong = differing(found)
  return [
    `${first.name} of ${tenant}, ${first.window}: ${first.from} to ${first.to}`,
    `  ${valueText(first)}`,
    `${first.meaning}\n= ${first.formula}`,
    ...(first.inputs.length === 0 ? [] : [inputsTable(found, currency)]),
    ...found.filter(({ input }) => input !== null).map(documents),
    ...(wrong.length === 0
      ? []
      : [
          `The documents do not sum to ${wrong.join(', ')}: the figures moved while they were read, or a store is wrong. ` +
            `Run it again; ./nikash reconcile --tenant ${tenant} compares the stores.`,
        ]),
  ].join('\n\n')
}
