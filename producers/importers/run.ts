/**
 * Owns one run of an import: records of a file -> rows -> units -> commands, in batches, several at a time.
 * R1: memory is bounded whatever the file: rows are streamed (units.ts), and batches under way are few. R2: a unit that
 *     is wrong or refused is told by line and left out; the others are imported. R3: commands of a unit are in one
 *     batch, after the masters that they need. R4: a dry run sends no command.
 */
import { problemOfForm, type Reference, References } from './check.ts'
import type { ItemOutcome } from './client.ts'
import { Wrong } from './fields.ts'
import type { BadRow, Blame, Context, ItemInput, Kind, Unit } from './kind.ts'
import { type ChosenMap, chooseMap, type ColumnMap } from './map.ts'
import type { TableRecord } from './tables/csv.ts'
import { openTable } from './tables/open.ts'
import { badRow, digestOf, type Opened, Units } from './units.ts'
import { WrongUse } from './wrong-use.ts'

const BATCH_UNITS = 100
const BATCH_ITEMS = 400
const BATCH_CHARS = 1024 * 1024
const BATCHES_UNDER_WAY = 3

export interface ImportPlan {
  readonly kind: Kind
  readonly file: string
  readonly currency: string | undefined
  readonly map: ColumnMap | undefined
  readonly sheet: string | undefined
  readonly cutOff: string | undefined
  readonly importId: string
  readonly dryRun: boolean
}

export interface ImportCounts {
  /** Of the file, without its header. */
  rows: number
  /** Units: rows, or entries where several rows are one. */
  imported: number
  existing: number
  bad: number
  leftOut: number
  masters: number
}

/** What a run needs of the command service. */
export interface Sender {
  batch(importId: string, items: readonly ItemInput[]): Promise<readonly ItemOutcome[]>
  /** Those that are not there; undefined = it can't be known, since the tenant is not there yet. */
  missing(references: readonly Reference[]): Promise<readonly Reference[] | undefined>
}

export interface ImportEvents {
  /** The header was understood: before anything is sent. `currency` is empty where the kind has no amounts. */
  readonly onStart: (chosen: ChosenMap, currency: string) => Promise<{ readonly fxRate?: string }>
  readonly onBad: (bad: BadRow) => void
  readonly onProgress: (counts: Readonly<ImportCounts>) => void
}

interface Batch {
  readonly units: readonly Unit[]
  readonly items: readonly ItemInput[]
  /** Unit of each item; -1 = a master. */
  readonly unitOf: readonly number[]
  readonly masters: readonly string[]
}

interface Ready {
  readonly unit: Unit
  readonly masters: readonly ItemInput[]
  readonly items: readonly ItemInput[]
}

export async function runImport(
  plan: ImportPlan,
  sender: Sender,
  events: ImportEvents,
): Promise<ImportCounts> {
  return new ImportRun(plan, sender, events).run()
}

const idOf = (item: ItemInput): string => String(item.body['id'])

class ImportRun {
  readonly #plan: ImportPlan
  readonly #sender: Sender
  readonly #events: ImportEvents
  readonly #counts: ImportCounts = { rows: 0, imported: 0, existing: 0, bad: 0, leftOut: 0, masters: 0 }
  /** Masters that the service has for sure. */
  readonly #masters = new Set<string>()
  readonly #references = new References()
  readonly #underWay = new Set<Promise<void>>()
  #failure: unknown
  #ready: Ready[] = []
  #readyItems = 0
  #readyChars = 0
  #opened: Opened | undefined

  constructor(plan: ImportPlan, sender: Sender, events: ImportEvents) {
    this.#plan = plan
    this.#sender = sender
    this.#events = events
  }

  async run(): Promise<ImportCounts> {
    const opened = await this.#open()
    const units = new Units(opened)
    try {
      for await (const one of units.read()) {
        this.#counts.rows = units.rows
        if ('bad' in one) this.#bad(one.bad, one.rows)
        else await this.#prepare(one, opened)
      }
      this.#counts.rows = units.rows
      await this.#send()
    } finally {
      await Promise.allSettled(this.#underWay)
    }
    if (this.#failure !== undefined) throw this.#failure
    this.#events.onProgress(this.#counts)
    return this.#counts
  }

  /** The map and the currency, before any row. */
  async #open(): Promise<Opened> {
    const { kind, file, map, sheet, currency: given, cutOff } = this.#plan
    const table = await openTable(file, sheet ?? map?.sheet)
    let delimiter = map?.delimiter ?? ','
    const records = table.records(() => delimiter)
    const header = map?.headless ? (map.header ?? []) : headerOf(await records.next(), file)
    const chosen = chooseMap(kind, header, map)
    delimiter = chosen.map.delimiter
    const days = Object.keys(kind.columns).filter(
      (name) => kind.columns[name]?.day && chosen.map.columns[name],
    )
    if (days.length > 0 && chosen.map.dateFormat === undefined && table.format === 'csv') {
      throw new WrongUse(`the map ${chosen.map.name} does not state how dates are written: add dateFormat`)
    }
    const currency = kind.money ? (given ?? chosen.map.currency) : ''
    if (currency === undefined) {
      throw new WrongUse('the currency of the amounts is not stated: use --currency, such as --currency USD')
    }
    const origin = await this.#events.onStart(chosen, currency)
    const counted = new Map<bigint, number>()
    const context: Context = {
      source: chosen.map.source,
      map: chosen.map,
      currency,
      ...origin,
      ...(cutOff === undefined ? {} : { cutOff }),
      nth: (text) => {
        const digest = digestOf(text)
        const nth = (counted.get(digest) ?? 0) + 1
        counted.set(digest, nth)
        return nth
      },
    }
    this.#opened = { kind, file, table, chosen, records, context }
    return this.#opened
  }

  #bad(bad: BadRow, rows: number): void {
    if (bad.leftOut) this.#counts.leftOut += rows
    else this.#counts.bad += rows
    this.#events.onBad(bad)
  }

  #wrong(unit: Unit, error: Wrong): void {
    const map = this.#opened?.chosen.map as ColumnMap
    this.#bad(badRow(unit.rows[0]?.line ?? 0, error, map), unit.rows.length)
  }

  /** The unit's commands, checked against the schemas; in a dry run also against what they refer to. */
  async #prepare(unit: Unit, { context }: Opened): Promise<void> {
    const { kind, dryRun } = this.#plan
    try {
      const { masters = [], items } = kind.commands(unit, context)
      for (const item of [...masters, ...items]) {
        const problem = problemOfForm(item)
        if (problem) throw this.#wrongAt(unit, item, problem.pointer, problem.reason)
      }
      this.#ready.push({ unit, masters, items })
      this.#readyItems += masters.length + items.length
      // What is one row is small.
      if (unit.rows.length > 10) this.#readyChars += JSON.stringify(items).length
      if (dryRun) for (const item of [...masters, ...items]) this.#references.created(item)
    } catch (error) {
      if (!(error instanceof Wrong)) throw error
      this.#wrong(unit, error)
      return
    }
    const full = this.#readyItems >= BATCH_ITEMS || this.#readyChars >= BATCH_CHARS
    if (full || this.#ready.length >= BATCH_UNITS) await this.#send()
  }

  #wrongAt(unit: Unit, item: ItemInput, pointer: string, reason: string): Wrong {
    const field = pointer.split('/')[1] ?? ''
    const named: Blame = field in this.#plan.kind.columns ? { column: field } : {}
    const blame = item.blame?.(pointer) ?? named
    return new Wrong(blame.column, reason, lineOf(unit, blame))
  }

  #batchOf(ready: readonly Ready[]): Batch {
    const items: ItemInput[] = []
    const unitOf: number[] = []
    const masters: string[] = []
    for (const [index, one] of ready.entries()) {
      for (const master of one.masters) {
        const key = idOf(master)
        if (this.#masters.has(key) || masters.includes(key)) continue
        masters.push(key)
        items.push(master)
        unitOf.push(-1)
      }
      for (const item of one.items) {
        items.push(item)
        unitOf.push(index)
      }
    }
    return { units: ready.map(({ unit }) => unit), items, unitOf, masters }
  }

  /** Starts the next batch; waits while enough are under way (R1). */
  async #send(): Promise<void> {
    const ready = this.#ready
    this.#ready = []
    this.#readyItems = this.#readyChars = 0
    if (ready.length === 0) return
    if (this.#plan.dryRun) return this.#sendNothing(ready)
    const most = this.#plan.kind.sequential ? 1 : BATCHES_UNDER_WAY
    while (this.#underWay.size >= most) await Promise.race(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
    const batch = this.#batchOf(ready)
    const sending = this.#sender
      .batch(this.#plan.importId, batch.items)
      .then((outcomes) => this.#settle(batch, outcomes))
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
  }

  /** R4 */
  async #sendNothing(ready: readonly Ready[]): Promise<void> {
    const batch = this.#batchOf(ready)
    const open = batch.items.map((item) => this.#references.open(item))
    const missing = (await this.#sender.missing(open.flat())) ?? []
    const isMissing = new Set(missing.map(({ type, id }) => `${type} ${id}`))
    const wrong = new Map<number, Wrong>()
    for (const [index, references] of open.entries()) {
      const first = references.find(({ type, id }) => isMissing.has(`${type} ${id}`))
      const at = batch.unitOf[index] ?? -1
      const unit = batch.units[at]
      const item = batch.items[index]
      if (!first || !unit || !item || wrong.has(at)) continue
      const reason = `${first.type} ${first.id} does not exist: create it first`
      wrong.set(at, this.#wrongAt(unit, item, first.pointer, reason))
    }
    for (const [index, unit] of batch.units.entries()) {
      const found = wrong.get(index)
      if (found) this.#wrong(unit, found)
      else this.#counts.imported++
    }
    for (const master of batch.masters) this.#masters.add(master)
    this.#counts.masters += batch.masters.length
  }

  #settle(batch: Batch, outcomes: readonly ItemOutcome[]): void {
    const refusals = new Map<number, { readonly item: ItemInput; readonly outcome: ItemOutcome }>()
    const changed = new Set<number>()
    for (const [index, outcome] of outcomes.entries()) {
      const unit = batch.unitOf[index] ?? -1
      const item = batch.items[index]
      if (unit === -1) this.#settleMaster(outcome)
      else if (outcome.status === 'accepted') changed.add(unit)
      else if (outcome.status === 'refused' && item && !refusals.has(unit))
        refusals.set(unit, { item, outcome })
    }
    for (const [index, unit] of batch.units.entries()) {
      const refusal = refusals.get(index)
      if (refusal) this.#refused(unit, refusal.item, refusal.outcome)
      else if (changed.has(index)) this.#counts.imported++
      else this.#counts.existing++
    }
    this.#events.onProgress(this.#counts)
  }

  /** A master that is there with other fields stays as it is; one that can't be made shows in its documents. */
  #settleMaster({ status, id, problem }: ItemOutcome): void {
    if (status === 'accepted') this.#counts.masters++
    if (id !== undefined && (status !== 'refused' || problem?.code === 'already_exists'))
      this.#masters.add(id)
  }

  #refused(unit: Unit, item: ItemInput, { problem }: ItemOutcome): void {
    const pointer = problem?.errors?.[0]?.pointer ?? ''
    const reason =
      problem?.code === 'already_exists'
        ? `${unit.label} was imported before with other content; correct it by commands`
        : (problem?.detail ?? 'refused')
    this.#wrong(unit, this.#wrongAt(unit, item, pointer, `${item.otherwise ?? ''}${reason}`))
  }
}

const lineOf = (unit: Unit, blame: Blame): { line?: number } => {
  const line = unit.rows[blame.row ?? 0]?.line
  return line === undefined ? {} : { line }
}

function headerOf(first: IteratorResult<TableRecord, unknown>, file: string): readonly string[] {
  if (first.done) throw new WrongUse(`${file} is empty: it has no header line`)
  const record = first.value
  if ('problem' in record) throw new WrongUse(`line ${record.line}, the header, ${record.problem}`)
  const header = record.fields.map((name) => name.trim())
  const twice = header.find((name, index) => header.indexOf(name) !== index)
  if (twice !== undefined) throw new WrongUse(`the header has the column ${twice} twice`)
  return header
}
