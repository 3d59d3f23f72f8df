/** The words of KPIs in the reader's language: English is that of the server, Bengali that of the page. */
import { INPUT_WORDS, KIND_WORDS, REASON_WORDS, wordOf } from '../../../schemas/rules/kpi-input-words.ts'
import { type KpiName, type KpiWords, wordsOfKpi } from '../../../schemas/rules/kpi-words.ts'
import type { Language } from './format.ts'
import { INPUT_WORDS_BN, KIND_WORDS_BN, KPI_WORDS_BN, REASON_WORDS_BN } from './kpi-words-bn.ts'

/** Undefined: a KPI that a newer server has. */
export function kpiWords(name: string, language: Language): KpiWords | undefined {
  const words = wordsOfKpi(name)
  return words === undefined || language === 'en' ? words : KPI_WORDS_BN[name as KpiName]
}

const either =
  (en: Readonly<Record<string, string>>, bn: Readonly<Record<string, string>>) =>
  (name: string, language: Language): string =>
    wordOf(language === 'en' ? en : bn, name)

export const inputWord = either(INPUT_WORDS, INPUT_WORDS_BN)
export const kindWord = either(KIND_WORDS, KIND_WORDS_BN)
export const reasonWord = either(REASON_WORDS, REASON_WORDS_BN)
