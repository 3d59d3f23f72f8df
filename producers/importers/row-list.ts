/** Owns listing rows as they come; consecutive lines with one reason become one entry, and there is a most of entries. */
import type { BadRow } from './kind.ts'

const LISTED_MAX = 200

export class RowList {
  readonly listed: (Omit<BadRow, 'leftOut'> & { readonly toLine?: number })[] = []
  notListed = 0
  readonly #say: (line: string) => void
  readonly #what: string
  #run: { row: Omit<BadRow, 'leftOut'>; last: number } | undefined

  constructor(say: (line: string) => void, what: string) {
    this.#say = say
    this.#what = what
  }

  add({ leftOut: _left, ...row }: BadRow): void {
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
    if (this.notListed > 0) this.#say(`... and ${this.notListed} more places with ${this.#what}`)
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
