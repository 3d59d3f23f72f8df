/** The rules of analysts on trees as the engine prints them; the engine itself is asked in the integration tests. */
import { describe, expect, it } from '@jest/globals'
import { Catalog } from '../../../deploy/local/clickhouse/analyst/catalog.ts'
import { AllowedFunctions } from '../../../deploy/local/clickhouse/analyst/functions.ts'
import { analystSettings } from '../../../deploy/local/clickhouse/analyst/settings.ts'
import { judgeResolved, judgeTree } from '../../../deploy/local/clickhouse/analyst/syntax-tree.ts'

const catalog = new Catalog(
  ['finance', 'system', 'other'],
  [
    { database: 'finance', name: 'fct', hasTenant: true },
    { database: 'finance', name: '_raw', hasTenant: true },
    { database: 'finance', name: 'rates', hasTenant: false },
    { database: 'other', name: 'secrets', hasTenant: true },
  ],
)
const row = (name: string, categories: string, more: object = {}) => ({
  name,
  aggregate: false,
  caseInsensitive: false,
  aliasTo: '',
  categories,
  origin: 'System',
  ...more,
})
const functions = new AllowedFunctions([
  row('plus', 'Arithmetic'),
  row('in', 'Comparison'),
  row('file', 'Other'),
  row('sum', '', { aggregate: true, caseInsensitive: true }),
  row('uniqExact', '', { aggregate: true }),
  row('lower', 'String', { caseInsensitive: true }),
  row('lcase', '', { aliasTo: 'lower', caseInsensitive: true }),
  row('mine', 'String', { origin: 'SQLUserDefined' }),
  row('aiGenerate', 'AI'),
  row('novelty', 'A Category Of Tomorrow'),
])
const judge = { catalog, functions }

const select = (...inner: readonly string[]): string =>
  [
    'SelectWithUnionQuery (children 1)',
    ' ExpressionList (children 1)',
    '  SelectQuery (children 2)',
    ...inner.map((line) => `   ${line}`),
  ].join('\n')

describe('functions', () => {
  it('are allowed by category, by alias, and aggregates with combinators', () => {
    for (const name of ['plus', 'sum', 'SUM', 'sumIf', 'uniqExactOrNullIf', 'LOWER', 'LCASE', 'lambda']) {
      expect([name, functions.has(name)]).toEqual([name, true])
    }
  })
  it('are refused when unknown, of a new category, made by somebody, or dangerous', () => {
    for (const name of ['file', 'mine', 'aiGenerate', 'novelty', 'nope', 'fileIf', 'PLUS', 'If']) {
      expect([name, functions.has(name)]).toEqual([name, false])
    }
  })
})

describe('the syntax tree', () => {
  it('passes a plain query and tells its format', () => {
    const tree = `${select('TablesInSelectQuery (children 1)', ' TablesInSelectQueryElement (children 1)', '  TableExpression (children 1)', '   TableIdentifier finance.fct (alias f)')}\n Identifier JSON\n`
    expect(judgeTree(tree, judge)).toEqual({ select: true, format: 'JSON' })
  })
  it.each([
    ['a table of another database', 'TableIdentifier other.secrets'],
    ['an internal table', 'TableIdentifier finance._raw'],
    ['a table without tenant', 'TableIdentifier finance.rates'],
    ['a path', 'TableIdentifier /etc/passwd'],
    ['three parts', 'TableIdentifier a.b.c'],
    ['settings', 'Set'],
    ['a node that hides its children', 'ColumnsApplyTransformer'],
    ['a node of tomorrow', 'SomethingNew (children 1)'],
    ['a function', 'Function file (children 1)'],
    ['a function that is not called so', 'Function plus) (children 1)'],
    ['a nested statement', 'InsertQuery'],
    ['a nested EXPLAIN', 'Explain EXPLAIN (children 1)'],
  ])('refuses %s', (_, line) => {
    expect(() => judgeTree(select(line), judge)).toThrow('Not enough privileges')
  })
  it('refuses a table function unless it makes its rows out of its arguments', () => {
    const from = (name: string): string =>
      select('TableExpression (children 1)', ` Function ${name} (children 1)`)
    expect(() => judgeTree(from('numbers'), judge)).not.toThrow()
    for (const name of ['merge', 'plus', 'url']) expect(() => judgeTree(from(name), judge)).toThrow(name)
  })
  it('takes a name on the right of IN for a table', () => {
    const isIn = (name: string, fn = 'in'): string =>
      select(
        `Function ${fn} (children 1)`,
        ' ExpressionList (children 2)',
        '  Identifier id',
        `  Identifier ${name}`,
      )
    for (const name of ['other.secrets', '_raw', 'finance._raw']) {
      expect(() => judgeTree(isIn(name), judge)).toThrow('Not enough privileges')
    }
    for (const name of ['fct', 'finance.fct', 'alias.column'])
      expect(() => judgeTree(isIn(name), judge)).not.toThrow()
  })
  it.each(['DropQuery', 'ShowProcesslistQuery', 'SystemQuery', 'CheckQuery finance fct', 'ShowGrantsQuery'])(
    'refuses the statement %s',
    (root) => {
      expect(() => judgeTree(root, judge)).toThrow('one SELECT')
    },
  )
  it('refuses EXPLAIN with options and kinds that count rows', () => {
    expect(() => judgeTree('Explain EXPLAIN SYNTAX (children 1)\n SelectWithUnionQuery', judge)).not.toThrow()
    for (const root of [
      'Explain EXPLAIN (children 2)',
      'Explain EXPLAIN ESTIMATE (children 1)',
      'Explain EXPLAIN TABLE OVERRIDE (children 1)',
    ]) {
      expect(() => judgeTree(root, judge)).toThrow('not allowed')
    }
  })
})

describe('the resolved tree', () => {
  const tree = (...lines: readonly string[]): string => ['QUERY id: 0', ...lines].join('\n')
  it('passes tables that may be read', () => {
    expect(() =>
      judgeResolved(tree('  JOIN TREE', '    TABLE id: 3, alias: __table1, table_name: finance.fct'), judge),
    ).not.toThrow()
  })
  it.each([
    [
      'a table that an alias tries to hide',
      '  TABLE id: 3, alias: x, table_name: finance.fct, table_name: other.secrets',
    ],
    ['PREWHERE', '  PREWHERE'],
    ['SETTINGS', '  SETTINGS max_threads=1'],
    ['a table function', '  TABLE_FUNCTION id: 1, alias: t, table_function_name: merge'],
    [
      'a hidden function',
      '  FUNCTION id: 10, function_name: file, function_type: ordinary, result_type: String',
    ],
  ])('refuses %s', (_, line) => {
    expect(() => judgeResolved(tree(line), judge)).toThrow('Not enough privileges')
  })
  it('refuses a tree that is not one (a format swallowed it)', () => {
    for (const other of ['', '{"explain":"QUERY id: 0"}'])
      expect(() => judgeResolved(other, judge)).toThrow('judged')
  })
  it('refuses counts of all tenants from the catalogue, and not a column of that name elsewhere', () => {
    const column = '  COLUMN id: 2, column_name: total_rows, result_type: UInt64, source_id: 3'
    expect(() => judgeResolved(tree(column, '  TABLE id: 3, table_name: system.tables'), judge)).toThrow(
      'all tenants',
    )
    expect(() => judgeResolved(tree(column, '  TABLE id: 3, table_name: finance.fct'), judge)).not.toThrow()
  })
})

describe('settings of an analyst', () => {
  const made = (settings: Record<string, string> = {}, tenant = 'a') =>
    analystSettings({ tenant, settings: new Map(Object.entries(settings)), parameters: new Map(), catalog })
  it('filter every relation that has a tenant, internal and foreign ones too', () => {
    const filters = made()['additional_table_filters'] ?? ''
    for (const table of ['finance.fct', 'finance._raw', 'other.secrets']) {
      expect(filters).toContain(`'${table}': 'tenant_id = \\'a\\''`)
    }
    expect(filters).not.toContain("'finance.rates'")
  })
  it('end with readonly, and nothing a client sends changes what makes it safe', () => {
    const names = Object.keys(made({ output_format_json_quote_64bit_integers: '1' }))
    expect(names.at(-1)).toBe('readonly')
    for (const name of [
      'readonly',
      'additional_table_filters',
      'dialect',
      'enable_analyzer',
      'max_threads_x',
    ]) {
      expect(() => made({ [name]: '0' })).toThrow('readonly mode')
    }
  })
  it('lower limits and never raise them', () => {
    expect(made({ max_execution_time: '3' })['max_execution_time']).toBe('3')
    expect(made({ max_execution_time: '0' })['max_execution_time']).toBe('30')
    expect(made({ max_execution_time: '31' })['max_execution_time']).toBe('30')
    expect(() => made({ max_execution_time: '1e9' })).toThrow('not a number')
  })
})
