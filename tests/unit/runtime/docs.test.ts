/** docs/stream-engine.md against the code: what it names exists, and what an operator meets is named. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { TASK_COLUMNS } from '../../../deploy/cli/tasks.ts'
import { METRICS } from '../../../processors/runtime/metrics.ts'
import { PIPELINE_AGE } from '../../../platform/metrics.ts'

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
const PAGE = read('docs/stream-engine.md')
const named = new Set([...PAGE.matchAll(/`([a-z][a-z0-9_]*)`/g)].map(([, name]) => name))

describe('the page of the stream engine', () => {
  it('names every metric of the engine', () => {
    expect(Object.values(METRICS).filter((name) => !named.has(name))).toEqual([])
  })

  it('names no metric that no code has', () => {
    const code = [
      'platform/metrics.ts',
      'processors/runtime/metrics.ts',
      'producers/relay-main.ts',
      'api/http/metrics.ts',
    ].map(read)
    const metrics = [...named].filter((name) => /_(total|seconds|records|tasks)$/.test(name ?? ''))
    expect(metrics.length).toBeGreaterThan(15)
    expect(metrics.filter((name) => !code.some((text) => text.includes(`'${name}'`)))).toEqual([])
    for (const stage of ['outbox', 'kafka', 'processor', 'redis', 'clickhouse', 'ws']) {
      expect(PAGE).toMatch(new RegExp(`\`${PIPELINE_AGE.name}\`.*\\b${stage}\\b`))
    }
  })

  it('names every dial of the processors, and none that they do not read', () => {
    const dials = (text: string) =>
      new Set([...text.matchAll(/\bPROCESSORS_[A-Z]+\b/g)].map(([name]) => name))
    expect([...dials(PAGE)].toSorted()).toEqual([...dials(read('processors/main.ts'))].toSorted())
  })

  it('explains the columns of describe', () => {
    const table = PAGE.slice(PAGE.indexOf('| column | means |'), PAGE.indexOf('`./nikash lag` shows'))
    for (const column of TASK_COLUMNS.filter((name) => name !== 'task'))
      expect([column, table]).toEqual([
        column,
        expect.stringMatching(new RegExp(`^\\| [^|]*\\b${column}\\b`, 'm')),
      ])
  })
})
