/**
 * Owns the decision whether an analyst's text is run: by the engine's classification, its syntax tree, its resolved
 * tree, in this order, and on the very connection that would run it (filters and readonly=1 are set there already).
 *
 * G1: exactly one statement that only reads. G2: nothing of a text is executed before its syntax tree was judged (the
 *     resolved tree computes constants). G3: a text once judged fine is not judged again while the schema is the same.
 * G4: WHERE of SHOW is refused: its tree does not show it. PREWHERE and INTO OUTFILE are refused by word as well.
 */
import type { Connection, Engine } from '../engine.ts'
import { accessDenied } from '../errors.ts'
import { StatementClass } from '../native.ts'
import { Catalog, TENANT_COLUMN } from './catalog.ts'
import { AllowedFunctions, type FunctionRow } from './functions.ts'
import { judgeResolved, judgeTree } from './syntax-tree.ts'

const VERDICTS_MAX = 2_000
const QUERY_MAX = 256 * 1024

const deny = (what: string) => accessDenied(`Not enough privileges for analysts: ${what}`)

export class Guard {
  readonly #functions: AllowedFunctions
  #catalog: Catalog
  #verdicts = new Set<string>()
  #generation = 1

  private constructor(functions: AllowedFunctions, catalog: Catalog) {
    this.#functions = functions
    this.#catalog = catalog
  }

  static async create(engine: Engine): Promise<Guard> {
    const rows = await engine.control((control) =>
      control.rows<[string, number, number, string, string, string]>(
        'SELECT name, is_aggregate, case_insensitive, alias_to, categories, toString(origin) FROM system.functions',
      ),
    )
    const functions = rows.map(
      ([name, aggregate, caseInsensitive, aliasTo, categories, origin]): FunctionRow => ({
        name,
        aggregate: aggregate === 1,
        caseInsensitive: caseInsensitive === 1,
        aliasTo,
        categories: categories.trim(),
        origin,
      }),
    )
    return new Guard(new AllowedFunctions(functions), await readCatalog(engine))
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  get generation(): number {
    return this.#generation
  }

  /** Before a change of the schema: what runs now may see half of it. */
  invalidate(): void {
    this.#generation += 1
  }

  /** After a change of the schema. */
  async refresh(engine: Engine): Promise<void> {
    this.#catalog = await readCatalog(engine)
    this.#generation += 1
    this.#verdicts = new Set()
  }

  /** `scope` is what else the verdict depends on: the values of parameters. */
  async check(connection: Connection, text: string, scope: string): Promise<void> {
    const key = `${scope}\0${text}`
    // Of this generation: a verdict that is reached while the schema changes goes into a set that nobody reads any more.
    const verdicts = this.#verdicts
    if (verdicts.has(key)) return
    if (Buffer.byteLength(text) > QUERY_MAX) throw deny(`a query may have ${QUERY_MAX} bytes`)
    if (/prewhere/i.test(text)) throw deny('PREWHERE is not allowed; write WHERE')
    if (/outfile/i.test(text)) throw deny('INTO OUTFILE is not allowed')
    const { statementCount, queryClass } = await connection.classify(text)
    if (queryClass === StatementClass.Unknown) {
      // Let the engine say what is wrong; EXPLAIN AST parses and does not run.
      await connection.text(`EXPLAIN AST\n${text}`)
      throw deny('the statement is of an unknown kind')
    }
    if (statementCount !== 1) throw deny('one statement at a time')
    if (queryClass !== StatementClass.ReadOnly) throw deny('only SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS')
    const tree = await connection.text(`EXPLAIN AST\n${text}`)
    const judge = { catalog: this.#catalog, functions: this.#functions }
    const { select, format } = judgeTree(tree, judge)
    if (tree.startsWith('Show') && /where|\(/i.test(text))
      throw deny('SHOW with WHERE; read system.tables instead')
    if (select)
      judgeResolved(await connection.text(`EXPLAIN QUERY TREE\n${withoutFormat(text, format)}`), judge)
    if (verdicts.size >= VERDICTS_MAX) verdicts.clear()
    verdicts.add(key)
  }
}

/** EXPLAIN would take it for itself. What is cut wrong makes a tree that is refused (its first line is not a query). */
function withoutFormat(text: string, format: string | undefined): string {
  if (format === undefined) return text
  const end = /\bFORMAT\s+([A-Za-z0-9_]+)[\s;]*$/i.exec(text)
  return end?.[1] === format ? text.slice(0, end.index) : text
}

async function readCatalog(engine: Engine): Promise<Catalog> {
  return engine.control(async (control) => {
    const databases = await control.rows<[string]>('SELECT name FROM system.databases')
    const relations = await control.rows<[string, string, number]>(
      `SELECT t.database, t.name, c.table != '' FROM system.tables AS t LEFT JOIN
        (SELECT database, table FROM system.columns WHERE name = '${TENANT_COLUMN}') AS c
        ON c.database = t.database AND c.table = t.name
        WHERE t.database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND NOT t.is_temporary`,
    )
    return new Catalog(
      databases.map(([name]) => name),
      relations.map(([database, name, hasTenant]) => ({ database, name, hasTenant: hasTenant === 1 })),
    )
  })
}
