/**
 * Figures as text, in English and Bengali. Amounts stay decimal text from the server to the screen (Intl formats
 * strings exactly); nothing here calculates with money.
 * BDT is grouped in lakh and crore in both languages: English uses the en-IN pattern, since en-BD groups in thousands.
 */
export type Language = 'en' | 'bn'

const LAKH_CURRENCIES = new Set(['BDT', 'INR', 'NPR', 'PKR', 'LKR'])
const localeOf = (language: Language, currency?: string): string => {
  if (language === 'bn') return 'bn-BD'
  return currency === undefined || LAKH_CURRENCIES.has(currency) ? 'en-IN' : 'en-US'
}

const cache = new Map<string, Intl.NumberFormat>()
function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options)
  let format = cache.get(key)
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, options)
    cache.set(key, format)
  }
  return format
}

const exact = (text: string) => text as `${number}`

export function formatMoney(amount: string, currency: string, language: Language): string {
  return numberFormat(localeOf(language, currency), {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  }).format(exact(amount))
}

/** Without the currency, for columns that name it once; as many decimals as the text has, or so many. */
export function formatAmount(
  amount: string,
  currency: string,
  language: Language,
  digits = amount.split('.')[1]?.length ?? 0,
): string {
  return numberFormat(localeOf(language, currency), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(exact(amount))
}

/** Short form for axes: lakh and crore where they are usual. Takes a number: it is a position on a chart. */
export function formatAxis(value: number, currency: string, language: Language): string {
  return numberFormat(localeOf(language, currency), { notation: 'compact', maximumFractionDigits: 1 }).format(
    value,
  )
}

export function formatDecimal(text: string, digits: number, language: Language): string {
  return numberFormat(localeOf(language), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(exact(text))
}

export const formatCount = (n: number, language: Language): string =>
  numberFormat(localeOf(language), {}).format(n)

/** Text with the language's own digits. */
export const formatText = (text: string, language: Language): string =>
  language === 'en' ? text : text.replace(/\d/g, (digit) => formatCount(Number(digit), language))

/** A KPI by its unit: currency code, percent, days, ratio, score or count. */
export function formatMeasure(value: string, unit: string, language: Language): string {
  switch (unit) {
    case 'percent':
      return `${formatDecimal(value, 2, language)}%`
    case 'days':
      return formatDecimal(value, 1, language)
    case 'ratio':
    case 'score':
      return formatDecimal(value, 2, language)
    case 'count':
      return formatDecimal(value, 0, language)
    default:
      return formatMoney(value, unit, language)
  }
}

/** YYYY-MM-DD as a short date. */
export function formatDate(day: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'bn' ? 'bn-BD' : 'en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(`${day}T00:00:00Z`))
}

/** "12 s", "3 min", "2 h": how old something is. */
export function formatAge(ms: number, language: Language): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [value, unit] =
    seconds < 60
      ? [seconds, 'second']
      : seconds < 3600
        ? [Math.floor(seconds / 60), 'minute']
        : [Math.floor(seconds / 3600), 'hour']
  return numberFormat(localeOf(language), { style: 'unit', unit, unitDisplay: 'short' }).format(value)
}
