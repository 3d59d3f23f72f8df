/**
 * Owns judging a query by the tree that the engine's own parser made of it (EXPLAIN AST). PURE.
 *
 * T1: a line of the tree that is not of a known kind refuses the query: a node that hides what is below it (APPLY with
 *     its function) can't be judged. T2: SETTINGS anywhere refuse it: inside of a subquery the engine takes them even
 *     with readonly=1, and one of them lifts the row filters. T3: every function, table function and table must be
 *     allowed; a name on the right of IN is a table too. T4: names that do not fit a plain form are refused.
 * A name with a line end in it can add lines to the tree, never take one away, so it can only refuse more.
 */
import { accessDenied, type ClickHouseError } from '../errors.ts'
import { type Catalog, ANALYST_DATABASE } from './catalog.ts'
import { type AllowedFunctions, TABLE_FUNCTIONS } from './functions.ts'

interface Line {
  readonly depth: number
  readonly kind: string
  readonly rest: string
}

const HARMLESS = new Set([
  'SelectWithUnionQuery',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'ExpressionList',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'TableExpression',
  'TableJoin',
  'ArrayJoin',
  'Subquery',
  'WithElement',
  'Literal',
  'Asterisk',
  'QualifiedAsterisk',
  'OrderByElement',
  'InterpolateElement',
  'WindowListElement',
  'WindowDefinition',
  'SampleRatio',
  'ColumnsRegexpMatcher',
  'ColumnsListMatcher',
  'QualifiedColumnsRegexpMatcher',
  'QualifiedColumnsListMatcher',
  'ColumnsTransformerList',
  'ColumnsExceptTransformer',
  'ColumnsReplaceTransformer',
  'ColumnsReplaceTransformer::Replacement',
  'DataType',
  'NameTypePair',
  'Column',
])

const ROOTS =
  /^(SelectWithUnionQuery|SelectIntersectExceptQuery|DescribeQuery|Explain|ShowTables|ShowColumns|ShowFunctions|ShowEngineQuery|ShowSetting|ShowCreate(Table|View)Query|Exists(Table|View|Database)Query)$/
const EXPLAINS = /^EXPLAIN( (AST|SYNTAX|QUERY TREE|PIPELINE))? \(children 1\)$/
const IN_FAMILY = /^(global)?(not)?(null)?in(ignoreset)?$/i
const SUFFIX = /(?: \(alias (?:[^()\n]*)\))?(?: \(children \d+\))?$/

const parse = (tree: string): readonly Line[] =>
  tree
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const depth = /^ */.exec(line)?.[0].length ?? 0
      const text = line.slice(depth)
      const space = text.indexOf(' ')
      return space < 0
        ? { depth, kind: text, rest: '' }
        : { depth, kind: text.slice(0, space), rest: text.slice(space + 1) }
    })

export interface Judge {
  readonly catalog: Catalog
  readonly functions: AllowedFunctions
}

export interface Verdict {
  /** A SELECT: the engine's resolved tree can be asked for too. */
  readonly select: boolean
  /** The format that the query names, by the parser. */
  readonly format: string | undefined
}

const refuse = (what: string): ClickHouseError => accessDenied(`Not enough privileges for analysts: ${what}`)

export function judgeTree(tree: string, judge: Judge): Verdict {
  const lines = parse(tree)
  const root = lines[0]
  if (root === undefined || !ROOTS.test(root.kind)) {
    throw refuse('one SELECT, SHOW, DESCRIBE, EXPLAIN or EXISTS statement is allowed')
  }
  lines.forEach((line, index) => {
    judgeLine(lines, index, line, judge)
  })
  const last = lines.findLast((line) => line.depth === 1)
  const format = last?.kind === 'Identifier' && root.kind.startsWith('Select') ? last.rest : undefined
  return { select: root.kind.startsWith('Select'), format }
}

function judgeLine(lines: readonly Line[], index: number, line: Line, judge: Judge): void {
  const { kind, rest } = line
  if (kind === 'Set') throw refuse('SETTINGS in a query are not allowed; send them as URL parameters')
  if (kind === 'Function') judgeFunction(lines, index, line, judge)
  else if (kind === 'TableIdentifier') judgeTable(rest.replace(SUFFIX, ''), judge)
  else if (kind === 'Identifier') return
  else if (/^(ShowCreate|Exists)(Table|View)Query$/.test(kind)) judgeNamed(rest, judge)
  else if (kind === 'ExistsDatabaseQuery') return
  else if (kind === 'Explain') {
    if (index !== 0 || !EXPLAINS.test(rest))
      throw refuse(`${rest.replace(SUFFIX, '')} with options is not allowed`)
  } else if (ROOTS.test(kind) && index === 0) return
  else if (!HARMLESS.has(kind)) throw refuse(`${kind} is not allowed here`)
}

function judgeFunction(lines: readonly Line[], index: number, line: Line, judge: Judge): void {
  const name = line.rest.split(' ')[0] ?? ''
  const parent = parentOf(lines, index)
  if (parent?.kind === 'TableExpression') {
    if (!TABLE_FUNCTIONS.has(name)) throw refuse(`table function ${name} is not allowed`)
    return
  }
  if (parent?.kind === 'Explain' || !judge.functions.has(name))
    throw refuse(`function ${name} is not allowed`)
  if (!IN_FAMILY.test(name)) return
  // The second argument of IN may be the name of a table.
  const args = childrenOf(lines, index)[0]
  const second = args === undefined ? undefined : childrenOf(lines, args)[1]
  const candidate = second === undefined ? undefined : lines[second]
  if (candidate?.kind === 'Identifier') judgeSet(candidate.rest.replace(SUFFIX, ''), judge)
}

function parentOf(lines: readonly Line[], index: number): Line | undefined {
  const depth = lines[index]?.depth ?? 0
  for (let at = index - 1; at >= 0; at -= 1) {
    const line = lines[at]
    if (line !== undefined && line.depth < depth) return line
  }
  return undefined
}

function childrenOf(lines: readonly Line[], index: number): readonly number[] {
  const depth = lines[index]?.depth ?? 0
  const found: number[] = []
  for (let at = index + 1; at < lines.length; at += 1) {
    const line = lines[at]
    if (line === undefined || line.depth <= depth) break
    if (line.depth === depth + 1) found.push(at)
  }
  return found
}

/** `name` or `database.name`; the current database of an analyst is always the one of the facts. */
function judgeTable(text: string, { catalog }: Judge): void {
  const parts = text.split('.')
  if (parts.length > 2) throw refuse(`${text} is not a table`)
  const [database, name] = parts.length === 2 ? parts : [ANALYST_DATABASE, parts[0]]
  if (parts.length === 1) {
    // Without a database it may name a subquery of WITH.
    if (!/^[A-Za-z][A-Za-z0-9_$]*$/.test(text))
      throw refuse(`the table name ${JSON.stringify(text)} is not plain`)
  }
  const why = catalog.refusal(database ?? '', name ?? '')
  if (why !== undefined) throw refuse(why)
}

/** On the right of IN: a table, a subquery of WITH, or a column of a table. */
function judgeSet(text: string, judge: Judge): void {
  const parts = text.split('.')
  const isTable = parts.length === 1 || (parts.length === 2 && judge.catalog.hasDatabase(parts[0] ?? ''))
  if (isTable) judgeTable(text, judge)
  else if (!/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/.test(text))
    throw refuse(`${JSON.stringify(text)} after IN`)
}

/** `ShowCreateTableQuery finance t (children 2)`. */
function judgeNamed(rest: string, judge: Judge): void {
  const parts = rest
    .replace(SUFFIX, '')
    .split(' ')
    .filter((part) => part !== '')
  if (parts.length > 2) throw refuse(`${rest} is not a table`)
  const [database, name] = parts.length === 2 ? parts : [ANALYST_DATABASE, parts[0]]
  const why = judge.catalog.refusal(database ?? '', name ?? '')
  if (why !== undefined) throw refuse(why)
}

const TABLE_NAME = ' table_name: '
const DANGEROUS =
  /^(file|joinGet.*|dictGet.*|dictHas|dictIsIn|catboostEvaluate|evalMLMethod|ai[A-Z].*|sleep.*|throwIf)$/i

/** Columns of the engine's catalogue that count the rows of all tenants. */
const SIZES =
  /^(total_(rows|bytes).*|lifetime_.*|parts|active_parts|total_marks|(data|marks|primary_key|secondary).*bytes.*|table_rows|data_length|index_length|cardinality)$/i
const CATALOGUE = /^(system\.(tables|columns|databases)|information_schema\.\w+)$/i

/** The second look: the tree with all names resolved. What the first refused is not in it any more. */
export function judgeResolved(tree: string, judge: Judge): void {
  if (!/^(QUERY|UNION) id: 0/.test(tree)) {
    throw refuse("the query can't be judged: end it with FORMAT name, or without one")
  }
  const lines = tree.split('\n').map((line) => line.trimStart())
  const tables = lines
    .filter((line) => line.startsWith('TABLE id:'))
    .map((line) => resolvedTable(line, judge))
  for (const line of lines) {
    if (line.startsWith('PREWHERE')) throw refuse('PREWHERE is not allowed; write WHERE')
    if (line.startsWith('SETTINGS ')) throw refuse('SETTINGS in a query are not allowed')
    const tableFunction = /^TABLE_FUNCTION .*table_function_name: ([^,]*)/.exec(line)?.[1]
    if (tableFunction !== undefined && !TABLE_FUNCTIONS.has(tableFunction)) {
      throw refuse(`table function ${tableFunction} is not allowed`)
    }
    const called = /^FUNCTION id: \d+, function_name: ([^,]*)/.exec(line)?.[1]
    if (called !== undefined && DANGEROUS.test(called)) throw refuse(`function ${called} is not allowed`)
  }
  if (!tables.some((name) => CATALOGUE.test(name))) return
  const columns = lines.map((line) => /^COLUMN id: \d+, column_name: ([^,]*)/.exec(line)?.[1] ?? '')
  const size = columns.find((name) => SIZES.test(name))
  if (size !== undefined)
    throw refuse(`${size} counts the rows of all tenants; name the columns that you need`)
}

function resolvedTable(line: string, judge: Judge): string {
  // The last one: an alias before it can hold anything.
  const at = line.lastIndexOf(TABLE_NAME)
  const name = at < 0 ? '' : (line.slice(at + TABLE_NAME.length).split(',')[0] ?? '')
  // The engine's own, of WITH RECURSIVE; the syntax tree refuses the name.
  if (name.startsWith('_temporary_and_external_tables._tmp_')) return name
  if (name.split('.').length !== 2) throw refuse(`${line} is not a table`)
  judgeTable(name, judge)
  return name
}
