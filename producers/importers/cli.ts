/**
 * Owns what a person sees of an import, and its exit code: 0 all rows are in, 1 some rows were bad, 2 wrong use, 3 the
 * command service is down (what was imported stays; running it again completes it).
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { currency as currencySchema } from '../kernel/fields.ts'
import { CommandClient, PartDown, RequestRefused } from './client.ts'
import type { Origin } from './commands.ts'
import { type ChosenMap, parseMap, WrongUse } from './map.ts'
import { type ImportCounts, runImport } from './receivables.ts'
import type { BadRow } from './rows.ts'

export interface ImportOptions {
  readonly file: string
  readonly tenant: string
  /** Of the amounts, ISO 4217; the map may state it instead. */
  readonly currency?: string
  /** A JSON file that says what the columns mean. */
  readonly map?: string
  readonly dryRun?: boolean
  readonly output?: 'table' | 'json'
  readonly commandsUrl: string
  /** Of the tenant, role operator (registers the tenant when it is new) or writer. */
  readonly token: string
  readonly patienceMs?: number
}

export interface ImportIo {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

/** Entries of bad rows that are listed; a run of lines with one reason is one entry. */
const LISTED_MAX = 200
const PROGRESS_MS = 5_000

export async function importReceivables(options: ImportOptions, io: ImportIo): Promise<0 | 1 | 2 | 3> {
  const started = Date.now()
  const bad = new BadList(options.output === 'json' ? () => undefined : io.err)
  const state: { chosen?: ChosenMap; currency?: string } = {}
  const client = new CommandClient(options)
  try {
    const currency = statedCurrency(options.currency)
    const map =
      options.map === undefined ? undefined : parseMap(readFileSync(options.map, 'utf8'), options.map)
    let shownMs = started
    const plan = {
      file: options.file,
      currency,
      map,
      importId: importIdOf(options.file),
      dryRun: options.dryRun ?? false,
    }
    const counts = await runImport(plan, client, {
      onStart: (chosen, stated) => {
        state.chosen = chosen
        state.currency = stated
        if (options.output !== 'json') io.out(describe(options, chosen, stated))
        return prepareTenant(options, client, chosen, stated)
      },
      onBad: (row) => bad.add(row),
      onProgress: (progress) => {
        if (Date.now() - shownMs < PROGRESS_MS || options.output === 'json') return
        shownMs = Date.now()
        io.err(`... ${progress.imported + progress.existing} rows`)
      },
    })
    bad.end()
    const seconds = (Date.now() - started) / 1_000
    if (options.output === 'json') {
      const { name } = state.chosen?.map ?? { name: '' }
      const facts = { file: options.file, tenant: options.tenant, map: name, currency: state.currency }
      io.out(
        JSON.stringify({
          ...facts,
          dryRun: plan.dryRun,
          ...counts,
          seconds,
          badRows: bad.listed,
          notListed: bad.notListed,
        }),
      )
    } else io.out(summary(counts, seconds, plan.dryRun))
    return counts.bad > 0 ? 1 : 0
  } catch (error) {
    bad.end()
    return explain(error, options, io)
  }
}

function statedCurrency(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const parsed = currencySchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new WrongUse(`${text} is no currency: use an ISO 4217 code such as BDT or USD`)
}

const importIdOf = (file: string): string =>
  path
    .basename(file)
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 64) || 'file'

function describe(
  { file, tenant, currency }: ImportOptions,
  { map, because }: ChosenMap,
  stated: string,
): string {
  const from = currency === undefined ? 'stated by the map' : 'stated by --currency'
  return `${path.basename(file)} -> tenant ${tenant}: columns by map ${map.name} (${because}), dates ${map.dateFormat}, amounts in ${stated} (${from})`
}

/** The tenant is there when this returns (but not in a dry run), and the file's amounts can be valued in its currency. */
async function prepareTenant(
  options: ImportOptions,
  client: CommandClient,
  { map }: ChosenMap,
  currency: string,
): Promise<Origin> {
  if (options.dryRun) return { source: map.source }
  const known = await client.tenant(options.tenant)
  if (!known) await client.register({ id: options.tenant, currency })
  const base = known?.currency ?? currency
  if (base === currency) return { source: map.source }
  if (map.fxRate !== undefined) return { source: map.source, fxRate: map.fxRate }
  throw new WrongUse(
    `the books of ${options.tenant} are in ${base}, the file in ${currency}: state in the map, as fxRate, how many ${base} one ${currency} is`,
  )
}

function summary(counts: ImportCounts, seconds: number, dryRun: boolean): string {
  const parts = [
    `${counts.imported} ${dryRun ? 'would be imported' : 'imported'}`,
    `${counts.existing} already there`,
    `${counts.bad} bad`,
  ]
  return `${counts.rows} rows: ${parts.join(', ')}; ${counts.customers} new customers; ${seconds.toFixed(1)} s`
}

function explain(error: unknown, options: ImportOptions, io: ImportIo): 2 | 3 {
  if (error instanceof WrongUse) {
    io.err(error.message)
    return 2
  }
  if (error instanceof RequestRefused) {
    io.err(`the command service refuses this: ${error.message} (${error.code})`)
    return 2
  }
  if (error instanceof PartDown) {
    io.err(
      `${error.message}. What was imported stays; run the same import again to complete it (./nikash status shows what is down)`,
    )
    return 3
  }
  const code = (error as { code?: string } | null)?.code
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    io.err(`${options.file} can't be read (${code})`)
    return 2
  }
  throw error
}

/** Lists bad rows as they come; consecutive lines with one reason become one entry. */
class BadList {
  readonly listed: (BadRow & { readonly toLine?: number })[] = []
  notListed = 0
  readonly #say: (line: string) => void
  #run: { row: BadRow; last: number } | undefined

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  add(row: BadRow): void {
    const run = this.#run
    if (run && row.line === run.last + 1 && row.reason === run.row.reason && row.column === run.row.column) {
      run.last = row.line
      return
    }
    this.#close()
    this.#run = { row, last: row.line }
  }

  end(): void {
    this.#close()
    if (this.notListed > 0) this.#say(`... and ${this.notListed} more places with bad rows`)
  }

  #close(): void {
    const run = this.#run
    this.#run = undefined
    if (!run) return
    if (this.listed.length >= LISTED_MAX) {
      this.notListed++
      return
    }
    const { row, last } = run
    this.listed.push(last > row.line ? { ...row, toLine: last } : row)
    const where = last > row.line ? `lines ${row.line} to ${last}` : `line ${row.line}`
    this.#say(`${where}${row.column === undefined ? '' : `, ${row.column}`}: ${row.reason}`)
  }
}
