/**
 * The views as a source of dbt: docs/examples/dbt/sources.yml, made from the definitions, so that it says what is there.
 * `node sinks/clickhouse/dbt-sources.ts` writes it; a test compares.
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { DATABASE } from './contract.ts'
import { VIEW_LIST } from './views.ts'

export const DBT_SOURCES = new URL('../../docs/examples/dbt/sources.yml', import.meta.url)

/** JSON strings are YAML strings. */
const text = (value: string): string => JSON.stringify(value)

export const dbtSources = (): string =>
  [
    '# Made by sinks/clickhouse/dbt-sources.ts: change the views, not this file.',
    'version: 2',
    'sources:',
    `  - name: nikash`,
    `    schema: ${DATABASE}`,
    `    description: ${text('Facts, dimensions and figures of Nikash. A plain SELECT has no duplicates; an analyst sees one tenant.')}`,
    '    tables:',
    ...VIEW_LIST.flatMap(({ name, doc, columns }) => [
      `      - name: ${name}`,
      `        description: ${text(doc)}`,
      '        columns:',
      ...columns.flatMap((column) => [
        `          - name: ${column.name}`,
        `            description: ${text(column.doc)}`,
        `            data_type: ${text(column.type)}`,
      ]),
    ]),
    '',
  ].join('\n')

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(DBT_SOURCES, dbtSources())
