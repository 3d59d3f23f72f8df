/**
 * Owns counting: what Jest's JSON, the static checks and crashes add up to. Refuses: calling anything passed that did
 * not run to its end.
 *
 * C1  a suite that could not be loaded, or a run that crashed or timed out, is a failure.
 * C2  a skipped test is listed with its reason: "(skipped: REASON)" in its title or in a title above it.
 */
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'

const jestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          title: z.string(),
          ancestorTitles: z.array(z.string()),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
})
export type JestReport = z.infer<typeof jestReport>

export type Outcome = {
  readonly suite: string
  readonly file: string
  readonly title: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** What a failure says, in lines, or why it was skipped. */
  readonly reason: string
}

const SKIP_REASON = /\(skipped: (.+)\)/

const LINES_MAX = 30
const CHARS_MAX = 3_000
const OTHERS_CODE = /^\s*at .*(node_modules|node:)/

/** What a failure says: its message with the values, and where in our own code; a CI run may keep no more than this. */
const explanation = (text: string): string =>
  stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '' && !OTHERS_CODE.test(line))
    .slice(0, LINES_MAX)
    .join('\n')
    .trim()
    .slice(0, CHARS_MAX)

const RESULTS: Readonly<Record<string, Outcome['result']>> = {
  passed: 'passed',
  failed: 'failed',
  pending: 'skipped',
  todo: 'skipped',
  skipped: 'skipped',
  disabled: 'skipped',
}

export const outcomesOf = (suite: string, root: string, report: unknown): Outcome[] => {
  const outcomes: Outcome[] = []
  for (const file of jestReport.parse(report).testResults) {
    const name = relative(root, file.name)
    for (const test of file.assertionResults) {
      const titles = [...test.ancestorTitles, test.title]
      const result = RESULTS[test.status] ?? 'failed'
      const why = titles.map((title) => SKIP_REASON.exec(title)?.[1]).find((reason) => reason !== undefined)
      outcomes.push({
        suite,
        file: name,
        title: titles.join(' > '),
        result,
        reason:
          result === 'failed' ? explanation(test.failureMessages?.[0] ?? '') : (why ?? 'no reason given'),
      })
    }
    const noneFailed = file.assertionResults.every((test) => RESULTS[test.status] !== 'failed')
    // C1: the file as a whole failed (it did not load, or broke outside of a test).
    if (file.status === 'failed' && noneFailed) {
      outcomes.push({
        suite,
        file: name,
        title: 'the file',
        result: 'failed',
        reason: explanation(file.message),
      })
    }
  }
  return outcomes
}

export type Totals = { readonly passed: number; readonly failed: number; readonly skipped: number }

export const totalsOf = (outcomes: readonly Outcome[]): Totals => {
  const count = (result: Outcome['result']) => outcomes.filter((outcome) => outcome.result === result).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}

export const summaryLine = (totals: Totals): string =>
  `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`

/** Skipped tests by file and reason, so that a missing browser is one line and not forty. */
export const skippedLines = (outcomes: readonly Outcome[]): string[] => {
  const groups = new Map<string, Outcome[]>()
  for (const outcome of outcomes) {
    if (outcome.result !== 'skipped') continue
    const key = `${outcome.file}\0${outcome.reason}`
    groups.set(key, [...(groups.get(key) ?? []), outcome])
  }
  return [...groups.values()].map((group) => {
    const [first] = group
    if (first === undefined) return ''
    const what = group.length === 1 ? first.title.replace(SKIP_REASON, '').trim() : `${group.length} tests`
    return `${first.file}: ${what}: ${first.reason}`
  })
}
