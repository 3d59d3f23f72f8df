import { describe, expect, it } from '@jest/globals'
import { parseDuration, table } from '../../../deploy/cli/output.ts'
import { outcomesOf, skippedLines, summaryLine, totalsOf } from '../../../deploy/cli/test/results.ts'

const test = (
  status: string,
  title: string,
  ancestorTitles: string[] = [],
  failureMessages: string[] = [],
) => ({
  status,
  title,
  ancestorTitles,
  failureMessages,
})
const file = (name: string, status: string, tests: ReturnType<typeof test>[], message = '') => ({
  name: `/repo/${name}`,
  status,
  message,
  assertionResults: tests,
})

describe('the count of a test run', () => {
  it('adds up what passed, failed and was skipped', () => {
    const report = {
      testResults: [
        file('tests/unit/a.test.ts', 'passed', [
          test('passed', 'one'),
          test('pending', 'two'),
          test('todo', 'three'),
        ]),
        file('tests/unit/b.test.ts', 'failed', [
          test(
            'failed',
            'four',
            [],
            ['\u001b[31mError: no\u001b[0m\n\nExpected: 1\n    at node:internal/x\n    at x.test.ts:1'],
          ),
        ]),
      ],
    }
    const outcomes = outcomesOf('unit', '/repo', report)
    expect(summaryLine(totalsOf(outcomes))).toBe('1 passed, 1 failed, 2 skipped')
    expect(outcomes.at(-1)).toMatchObject({
      file: 'tests/unit/b.test.ts',
      reason: 'Error: no\nExpected: 1\n    at x.test.ts:1',
    })
  })

  it('counts a file that did not load as a failure, although it has no test', () => {
    const report = {
      testResults: [file('tests/unit/a.test.ts', 'failed', [], 'Cannot find module x\n at y')],
    }
    const outcomes = outcomesOf('unit', '/repo', report)
    expect(totalsOf(outcomes)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(outcomes[0]?.reason).toBe('Cannot find module x\n at y')
  })

  it('counts a status that it does not know as a failure', () => {
    const report = { testResults: [file('a', 'passed', [test('exploded', 'one')])] }
    expect(totalsOf(outcomesOf('unit', '/repo', report)).failed).toBe(1)
  })

  it('refuses a report of another form instead of counting nothing', () => {
    expect(() => outcomesOf('unit', '/repo', { results: [] })).toThrow()
  })

  it('lists skipped tests by reason', () => {
    const title = 'the page (skipped: NIKASH_CHROMIUM (a browser) not set)'
    const report = {
      testResults: [
        file('tests/e2e/page.test.ts', 'passed', [
          test('pending', 'a', [title]),
          test('pending', 'b', [title]),
        ]),
        file('tests/unit/x.test.ts', 'passed', [test('pending', 'is left out')]),
      ],
    }
    expect(skippedLines(outcomesOf('e2e', '/repo', report))).toEqual([
      'tests/e2e/page.test.ts: 2 tests: NIKASH_CHROMIUM (a browser) not set',
      'tests/unit/x.test.ts: is left out: no reason given',
    ])
  })
})

describe('what the command line prints and reads', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1', undefined],
    ['h', undefined],
    ['-1h', undefined],
    ['1.5h', undefined],
  ])('reads %s as a duration of %p ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it('aligns columns and leaves no space at the end of a line', () => {
    const text = table(
      ['part', 'status'],
      [
        ['a', 'healthy'],
        ['longer', ''],
      ],
    )
    expect(text).toBe('part    status\na       healthy\nlonger')
  })
})
