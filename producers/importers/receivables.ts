/**
 * Owns the import of receivables: rows of a file -> customers, approved invoices, payments, in batches, several at a time.
 * R1: memory is bounded whatever the file: rows are streamed, batches under way are few, and what is remembered of each
 *     number is 8 bytes. R2: a bad row is told by line and left out; the others are imported.
 * R3: a payment is sent in the same batch as its invoice, after it; a customer before its first invoice.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { CommandClient, ItemOutcome } from './client.ts'
import { customerCommand, customerIdOf, documentCommands, type ItemInput, type Origin } from './commands.ts'
import { chooseMap, type ChosenMap, type ColumnMap, WrongUse } from './map.ts'
import { recordsOf } from './records.ts'
import { type BadRow, type ReceivableRow, rowReader } from './rows.ts'

const BATCH_ROWS = 100
const BATCHES_UNDER_WAY = 3
const ROWS_MAX = 5_000_000

export interface ImportPlan {
  readonly file: string
  readonly currency: string | undefined
  readonly map: ColumnMap | undefined
  readonly importId: string
  readonly dryRun: boolean
}

export interface ImportCounts {
  rows: number
  imported: number
  existing: number
  bad: number
  customers: number
}

export interface ImportEvents {
  /** The header was understood: before anything is sent. */
  readonly onStart: (chosen: ChosenMap, currency: string) => Promise<Origin>
  readonly onBad: (bad: BadRow) => void
  readonly onProgress: (counts: Readonly<ImportCounts>) => void
}

interface Batch {
  readonly rows: readonly ReceivableRow[]
  readonly items: readonly ItemInput[]
  /** Row of each item; -1 = a customer. */
  readonly rowOf: readonly number[]
  readonly customers: readonly string[]
}

export async function runImport(
  plan: ImportPlan,
  client: CommandClient,
  events: ImportEvents,
): Promise<ImportCounts> {
  const run = new ImportRun(plan, client, events)
  return run.run()
}

class ImportRun {
  readonly #plan: ImportPlan
  readonly #client: CommandClient
  readonly #events: ImportEvents
  readonly #counts: ImportCounts = { rows: 0, imported: 0, existing: 0, bad: 0, customers: 0 }
  readonly #numbers = new Set<bigint>()
  /** Customers that the service has for sure. */
  readonly #customers = new Set<string>()
  readonly #underWay = new Set<Promise<void>>()
  #failure: unknown
  #rows: ReceivableRow[] = []
  #origin: Origin = { source: '' }
  #numberColumn = ''

  constructor(plan: ImportPlan, client: CommandClient, events: ImportEvents) {
    this.#plan = plan
    this.#client = client
    this.#events = events
  }

  async run(): Promise<ImportCounts> {
    const { file, map } = this.#plan
    let delimiter = map?.delimiter ?? ','
    let read: ReturnType<typeof rowReader> | undefined
    const bytes = createReadStream(file, { highWaterMark: 256 * 1024 })
    try {
      for await (const record of recordsOf(bytes, () => delimiter)) {
        if (read === undefined) {
          const { rules, chosen } = this.#header(record)
          delimiter = chosen.map.delimiter
          this.#numberColumn = chosen.map.columns.invoiceNumber
          this.#origin = await this.#events.onStart(chosen, rules.currency)
          read = rowReader(rules)
          continue
        }
        this.#counts.rows++
        if (this.#counts.rows > ROWS_MAX)
          throw new WrongUse(`the file has more than ${ROWS_MAX} rows: cut it into parts`)
        const row =
          'problem' in record
            ? { line: record.line, reason: record.problem }
            : read(record.line, record.fields)
        if ('reason' in row) this.#bad(row)
        else await this.#take(row)
      }
      if (read === undefined) throw new WrongUse(`${file} is empty: it has no header line`)
      await this.#send()
    } finally {
      bytes.destroy()
      await Promise.allSettled(this.#underWay)
    }
    if (this.#failure !== undefined) throw this.#failure
    this.#events.onProgress(this.#counts)
    return this.#counts
  }

  #header(record: { line: number; fields?: readonly string[]; problem?: string }) {
    if (!record.fields) throw new WrongUse(`line ${record.line}, the header, ${record.problem}`)
    const header = record.fields.map((name) => name.trim())
    const twice = header.find((name, index) => header.indexOf(name) !== index)
    if (twice !== undefined) throw new WrongUse(`the header has the column ${twice} twice`)
    const chosen = chooseMap(header, this.#plan.map)
    const currency = this.#plan.currency ?? chosen.map.currency
    if (currency === undefined) {
      throw new WrongUse('the currency of the amounts is not stated: use --currency, such as --currency USD')
    }
    return { chosen, rules: { header, map: chosen.map, currency } }
  }

  #bad(bad: BadRow): void {
    this.#counts.bad++
    this.#events.onBad(bad)
  }

  async #take(row: ReceivableRow): Promise<void> {
    const digest = createHash('sha256').update(row.invoiceNumber).digest().readBigUInt64LE()
    if (this.#numbers.has(digest)) {
      this.#bad({
        line: row.line,
        column: this.#numberColumn,
        reason: `number ${row.invoiceNumber} stands in an earlier line too`,
      })
      return
    }
    this.#numbers.add(digest)
    this.#rows.push(row)
    if (this.#rows.length >= BATCH_ROWS) await this.#send()
  }

  #batchOf(rows: readonly ReceivableRow[]): Batch {
    const items: ItemInput[] = []
    const rowOf: number[] = []
    const customers: string[] = []
    for (const [index, row] of rows.entries()) {
      const customer = customerIdOf(row.customerId)
      if (!this.#customers.has(customer) && !customers.includes(customer)) {
        customers.push(customer)
        items.push(customerCommand(row))
        rowOf.push(-1)
      }
      for (const item of documentCommands(row, this.#origin)) {
        items.push(item)
        rowOf.push(index)
      }
    }
    return { rows, items, rowOf, customers }
  }

  /** Starts the next batch; waits while enough are under way (R1). */
  async #send(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    if (rows.length === 0) return
    while (this.#underWay.size >= BATCHES_UNDER_WAY) await Promise.race(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
    const batch = this.#batchOf(rows)
    if (this.#plan.dryRun) {
      this.#counts.imported += rows.length
      for (const customer of batch.customers) this.#customers.add(customer)
      this.#counts.customers += batch.customers.length
      return
    }
    const sending = this.#client
      .batch(this.#plan.importId, batch.items)
      .then((outcomes) => this.#settle(batch, outcomes))
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
  }

  #settle(batch: Batch, outcomes: readonly ItemOutcome[]): void {
    const refusals = new Map<number, ItemOutcome & { type: string }>()
    const changed = new Set<number>()
    for (const [index, outcome] of outcomes.entries()) {
      const row = batch.rowOf[index] ?? -1
      const type = batch.items[index]?.type ?? ''
      if (row === -1) this.#settleCustomer(outcome)
      else if (outcome.status === 'accepted') changed.add(row)
      else if (outcome.status === 'refused' && !refusals.has(row)) refusals.set(row, { ...outcome, type })
    }
    for (const [index, row] of batch.rows.entries()) {
      const refusal = refusals.get(index)
      if (refusal) this.#bad(badOf(row, refusal))
      else if (changed.has(index)) this.#counts.imported++
      else this.#counts.existing++
    }
    this.#events.onProgress(this.#counts)
  }

  /** A customer that is there with other fields stays as it is; one that can't be made shows in its invoices. */
  #settleCustomer({ status, id, problem }: ItemOutcome): void {
    if (status === 'accepted') this.#counts.customers++
    if (id !== undefined && (status !== 'refused' || problem?.code === 'already_exists'))
      this.#customers.add(id)
  }
}

function badOf(row: ReceivableRow, { type, problem }: ItemOutcome & { type: string }): BadRow {
  const what = type === 'payment.receive' ? 'the invoice is imported, its payment is not: ' : ''
  const reason =
    problem?.code === 'already_exists'
      ? `${what}${row.invoiceNumber} was imported before with other content; correct it by commands`
      : `${what}${problem?.detail ?? 'refused'}`
  return { line: row.line, reason }
}
