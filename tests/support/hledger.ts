/**
 * Owns asking hledger, a program that shares nothing with the books, what an exported journal comes to. Amounts are text
 * as the store has it: four decimals, debits positive. Refuses: an account line that it can't read.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ExportSummary, exportJournal } from '../../producers/exporters/journal.ts'

/** Net amounts by account code. */
export type Nets = Readonly<Record<string, string>>

const OUTPUT_BYTES_MAX = 256 << 20

export class Hledger {
  readonly summary: ExportSummary
  readonly #folder: string

  private constructor(folder: string, summary: ExportSummary) {
    this.#folder = folder
    this.summary = summary
  }

  /** Reads the books of a tenant as `nikash export journal --format hledger` writes them. */
  static async read(databaseUrl: string, tenant: string): Promise<Hledger> {
    const texts: string[] = []
    const summary = await exportJournal(databaseUrl, tenant, 'hledger', (text) => void texts.push(text))
    if (!summary) throw new Error(`there is no tenant ${tenant}`)
    const folder = mkdtempSync(path.join(tmpdir(), 'nikash-hledger-'))
    writeFileSync(path.join(folder, 'books.journal'), texts.join(''))
    return new Hledger(folder, summary)
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  run(...args: string[]): string {
    return execFileSync(
      process.env['NIKASH_HLEDGER'] ?? 'hledger',
      ['-f', path.join(this.#folder, 'books.journal'), ...args],
      { encoding: 'utf8', env: { ...process.env, LANG: 'C.UTF-8' }, maxBuffer: OUTPUT_BYTES_MAX },
    )
  }

  /** Every account that was ever posted to, over all days. */
  balances(): Nets {
    const table = this.#table('balance', '--flat', '--no-total', '--empty')
    return Object.fromEntries(table.slice(1).map(([name = '', net = '']) => [codeOf(name), net]))
  }

  /** Every account at the end of every day from the first entry's to the last one's. */
  daily(): ReadonlyMap<string, Nets> {
    return this.#byDay('--flat', '--empty')
  }

  /** assets, liabilities, equity, revenues and expenses at the end of every day. */
  dailyClasses(): ReadonlyMap<string, Nets> {
    return this.#byDay('--depth', '1')
  }

  #byDay(...args: string[]): ReadonlyMap<string, Nets> {
    const [head = [], ...rows] = this.#table('balance', '--historical', '--daily', '--no-total', ...args)
    return new Map(
      head
        .slice(1)
        .map((day, at) => [
          day,
          Object.fromEntries(rows.map(([name = '', ...nets]) => [codeOf(name), nets[at] ?? ''])),
        ]),
    )
  }

  #table(...args: string[]): readonly (readonly string[])[] {
    const lines = this.run(...args, '-O', 'csv')
      .trim()
      .split('\n')
    // Every cell is in quotes, and the exporter leaves none inside of them.
    return lines.map((line) => line.slice(1, -1).split('","').map(plain))
  }
}

const plain = (cell: string): string => (cell === '0' ? '0.0000' : cell.replace(/ [A-Z]{3}$/, ''))

/** `assets:1200 Accounts receivable` -> 1200; `assets` of a sum by class stays. */
const codeOf = (name: string): string => {
  const [, code] = /^\w+(?::(\S+).*)?$/.exec(name) ?? []
  if (code === undefined && !/^\w+$/.test(name)) throw new Error(`hledger names an account "${name}"`)
  return code ?? name
}
