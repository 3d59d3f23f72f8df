import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { DBT_SOURCES, dbtSources } from '../../../sinks/clickhouse/dbt-sources.ts'
import { VIEW_LIST } from '../../../sinks/clickhouse/views.ts'

it('the source of dbt says what the views are', () => {
  const file = readFileSync(DBT_SOURCES, 'utf8')
  expect(file).toBe(dbtSources())
  for (const { name } of VIEW_LIST) expect(file).toContain(`      - name: ${name}\n`)
})
