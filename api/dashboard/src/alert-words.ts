/**
 * What an alert says, in the reader's language and with figures as everywhere on the page. English is the server's own
 * sentence with its amounts and days written out; Bengali is made from the figures of the alert. A rule of the tenant says
 * which measure is where. What we do not know is shown as the server says it.
 */
import { inputWord } from './kpi-words.ts'
import { formatAmount, formatDate, formatMoney, formatText, type Language } from './format.ts'
import { isLabel, type Label, translate } from './i18n.ts'

export interface AlertText {
  readonly ruleId: string
  readonly subject: string
  readonly value: string
  readonly currency: string
  readonly message: string
  readonly recommendation: string
  readonly inputs: Readonly<Record<string, string>>
}

const AMOUNTS = ['lowest', 'over90', 'total', 'sum', 'value'] as const

/** `name (window) is value, above threshold.`: schemas/rules/alerts/words.ts, measureWords. */
const MEASURE = /^(\w+)(?: \((\w+)\))? is (-?[\d.]+), (above|below) (-?[\d.]+)\.$/

function measureText(alert: AlertText, language: Language): string | undefined {
  const [, name, window, value, side, threshold] = MEASURE.exec(alert.message) ?? []
  if (name === undefined || value === undefined || threshold === undefined) return undefined
  const period = `w${window ?? ''}`
  const figure = (text: string) => formatAmount(text, alert.currency, language)
  return translate(language, `alert.${side ?? ''}` as Label, {
    name: isLabel(name) ? translate(language, name) : inputWord(name, language),
    window: isLabel(period) ? ` (${translate(language, period)})` : '',
    value: figure(value),
    threshold: figure(threshold),
  })
}

/** The server's sentence; amounts are known by the figures of the alert, so no other number is taken for one. */
function written({ message, inputs, currency }: AlertText, language: Language): string {
  let text = message
  for (const name of AMOUNTS) {
    const amount = inputs[name]
    if (amount === undefined || !/^-?\d+\.\d+$/.test(amount)) continue
    const money = formatMoney(amount, currency, language)
    text = text.replaceAll(`${amount} ${currency}`, money).replaceAll(amount, money)
  }
  return text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, (day) => formatDate(day, language))
}

export function messageOf(alert: AlertText, language: Language): string {
  const label = `alert.${alert.ruleId}`
  const measure = measureText(alert, language)
  if (measure !== undefined) return measure
  if (language === 'en' || !isLabel(label)) return written(alert, language)
  const { inputs, currency, subject, value } = alert
  const money = (name: string) => formatMoney(inputs[name] ?? '0', currency, language)
  return translate(language, label, {
    value: formatText(value, language),
    subject: formatText(subject, language),
    days: formatText(inputs['daysToShortage'] ?? '', language),
    lowest: money('lowest'),
    over90: money('over90'),
    total: money('total'),
    sum: money('sum'),
    median: money('median'),
    day: inputs['day'] === undefined ? '' : formatDate(inputs['day'], language),
    amount: money('value'),
  })
}

export function adviceOf(alert: AlertText, language: Language): string {
  if (MEASURE.test(alert.message)) return translate(language, 'advice.measure')
  const label = `advice.${alert.ruleId}`
  return language === 'en' || !isLabel(label) ? alert.recommendation : translate(language, label)
}
