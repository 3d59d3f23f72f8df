/**
 * Owns what a person sees of an import, and its exit code: 0 all rows are in, 1 some rows were bad, 2 wrong use, 3 the
 * command service is down (what was imported stays; running it again completes it).
 * L1: the id of an import follows from the file and how it was read, so running it again is the same import.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { currency as currencySchema } from '../kernel/fields.ts'
import { CommandClient, PartDown, RequestRefused } from './client.ts'
import { isoDay } from './tables/cells.ts'
import { type Kind, loadKind } from './kind.ts'
import { type ChosenMap, type ColumnMap, readMap } from './map.ts'
import { RowList } from './row-list.ts'
import { type ImportCounts, type ImportPlan, runImport, type Sender } from './run.ts'
import { WrongUse } from './wrong-use.ts'

export interface ImportOptions {
  /** receivables, payables, chart, journal, ...: a file of kinds/. */
  readonly kind: string
  readonly file: string
  readonly tenant: string
  /** Of the amounts, ISO 4217; the map may state it instead. */
  readonly currency?: string
  /** A JSON file that says what the columns mean, or the name of a shipped map. */
  readonly map?: string
  /** Of a workbook; its first sheet when not given. */
  readonly sheet?: string
  /** Last day of the old books, for opening balances. */
  readonly cutOff?: string
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

const PROGRESS_MS = 5_000

export async function importFile(options: ImportOptions, io: ImportIo): Promise<0 | 1 | 2 | 3> {
  const started = Date.now()
  const json = options.output === 'json'
  const say = json ? () => undefined : io.err
  const bad = new RowList(say, 'bad rows')
  const leftOut = new RowList(say, 'rows left out')
  try {
    const client = new CommandClient(options)
    const plan = await planOf(options)
    const state: { chosen?: ChosenMap; currency?: string } = {}
    let shownMs = started
    const counts = await runImport(plan, senderOf(client), {
      onStart: async (chosen, currency) => {
        state.chosen = chosen
        state.currency = currency
        if (!json) io.out(describe(options, plan, chosen, currency))
        const origin = await prepareTenant(options, client, chosen, currency)
        if (!plan.dryRun) await refuseUndone(client, plan.importId)
        return origin
      },
      onBad: (row) => (row.leftOut ? leftOut : bad).add(row),
      onProgress: (progress) => {
        if (Date.now() - shownMs < PROGRESS_MS || json) return
        shownMs = Date.now()
        io.err(`... ${progress.imported + progress.existing} ${unitsOf(plan.kind)}`)
      },
    })
    bad.end()
    leftOut.end()
    const seconds = (Date.now() - started) / 1_000
    if (json) {
      const { masters, ...rest } = counts
      io.out(
        JSON.stringify({
          kind: plan.kind.name,
          importId: plan.importId,
          file: options.file,
          tenant: options.tenant,
          map: state.chosen?.map.name ?? '',
          ...(plan.kind.money ? { currency: state.currency } : {}),
          dryRun: plan.dryRun,
          ...rest,
          ...(plan.kind.masters === undefined ? {} : { [plan.kind.masters]: masters }),
          seconds,
          badRows: bad.listed,
          notListed: bad.notListed,
          leftOutRows: leftOut.listed,
          leftOutNotListed: leftOut.notListed,
        }),
      )
    } else {
      if (!plan.dryRun && counts.imported > 0)
        io.out(`to take it back: ./nikash import undo ${plan.importId} --tenant ${options.tenant}`)
      io.out(summary(plan, counts, seconds))
    }
    return counts.bad > 0 ? 1 : 0
  } catch (error) {
    bad.end()
    leftOut.end()
    return explain(error, options, io)
  }
}

async function planOf(options: ImportOptions): Promise<ImportPlan> {
  const kind = await loadKind(options.kind)
  const currency = statedCurrency(options.currency)
  const map = options.map === undefined ? undefined : readMap(options.map)
  const { cutOff, sheet } = options
  if (cutOff !== undefined && isoDay(cutOff) !== cutOff) {
    throw new WrongUse(`${cutOff} is no day: write the cut-off as YYYY-MM-DD`)
  }
  const importId = await importIdOf(kind, options, { map, currency, sheet, cutOff })
  return { kind, file: options.file, currency, map, sheet, cutOff, importId, dryRun: options.dryRun ?? false }
}

function statedCurrency(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const parsed = currencySchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new WrongUse(`${text} is no currency: use an ISO 4217 code such as BDT or USD`)
}

const senderOf = (client: CommandClient): Sender => ({
  batch: (importId, items) => client.batch(importId, items, 'import'),
  missing: (references) => client.missing(references),
})

/** L1 */
async function importIdOf(
  kind: Kind,
  { file }: ImportOptions,
  how: Readonly<Record<string, string | ColumnMap | undefined>>,
): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify([kind.name, how]))
  for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer)
  const name = path
    .basename(file)
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 30)
  return `${kind.name}-${name || 'file'}-${digest.digest('hex').slice(0, 12)}`
}

/** The ids of an import that was taken back are used up: importing it again would change nothing. */
async function refuseUndone(client: CommandClient, importId: string): Promise<void> {
  const known = await client.importOf(importId)
  if (!known || known.undone === 0) return
  throw new WrongUse(
    `import ${importId} was undone, and what it made stays cancelled: to import this file anew, change the source in its map`,
  )
}

function describe(
  { file, tenant, currency }: ImportOptions,
  { kind }: ImportPlan,
  { map, because }: ChosenMap,
  stated: string,
): string {
  const from = currency === undefined ? 'stated by the map' : 'stated by --currency'
  const dates = map.dateFormat === undefined ? '' : `, dates ${map.dateFormat}`
  const amounts = kind.money ? `, amounts in ${stated} (${from})` : ''
  return `${path.basename(file)} -> tenant ${tenant}: columns by map ${map.name} (${because})${dates}${amounts}`
}

/** The tenant is there when this returns (but not in a dry run), and the file's amounts can be valued in its currency. */
async function prepareTenant(
  options: ImportOptions,
  client: CommandClient,
  { map }: ChosenMap,
  stated: string,
): Promise<{ fxRate?: string }> {
  if (options.dryRun) return {}
  const currency = stated || options.currency
  const known = await client.tenant(options.tenant)
  if (!known) await client.register({ id: options.tenant, ...(currency === undefined ? {} : { currency }) })
  if (stated === '') return {}
  const base = known?.currency ?? stated
  if (base === stated) return {}
  if (map.fxRate !== undefined) return { fxRate: map.fxRate }
  throw new WrongUse(
    `the books of ${options.tenant} are in ${base}, the file in ${stated}: state in the map, as fxRate, how many ${base} one ${stated} is`,
  )
}

const unitsOf = (kind: Kind): string => (kind.units === 'runs' ? 'entries' : 'rows')

function summary({ kind, dryRun }: ImportPlan, counts: ImportCounts, seconds: number): string {
  const what = kind.units === 'runs' ? ' entries' : ''
  const parts = [
    `${counts.imported}${what} ${dryRun ? 'would be imported' : 'imported'}`,
    `${counts.existing} already there`,
    `${counts.bad} bad`,
    ...(counts.leftOut > 0 ? [`${counts.leftOut} left out`] : []),
  ]
  const masters = kind.masters === undefined ? '' : `${counts.masters} new ${kind.masters}; `
  return `${counts.rows} rows: ${parts.join(', ')}; ${masters}${seconds.toFixed(1)} s`
}

/** What went wrong, for a person, and the exit code; bugs are thrown on. */
export function explain(
  error: unknown,
  { file }: { readonly file?: string },
  io: Pick<ImportIo, 'err'>,
): 2 | 3 {
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
      `${error.message}. What was done stays; run the same ${file === undefined ? 'command' : 'import'} again to complete it (./nikash status shows what is down)`,
    )
    return 3
  }
  const code = (error as { code?: string } | null)?.code
  if (file !== undefined && (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')) {
    io.err(`${file} can't be read (${code})`)
    return 2
  }
  throw error
}
