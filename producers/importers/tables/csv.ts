/**
 * Owns cutting a file of any content into CSV records with their line numbers, in bounded memory.
 * F1: a line longer than LINE_BYTES_MAX is passed over as it streams by, never held. F2: what is not UTF-8 text is told
 *     by line. F3: a quote that is not closed within a bounded stretch spoils its own line and no other.
 */
import { parse } from 'csv-parse/sync'

export const LINE_BYTES_MAX = 64 * 1024
/** A quoted field may hold line breaks, but no more than this. */
const RECORD_LINES_MAX = 20
const CHUNK_RECORDS = 200
/** As a delimiter: one or more spaces or tabs. */
export const BLANKS = 'blanks'

export type TableRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string }

type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: string }

const NEWLINE = 0x0a

/** Lines of a byte stream, without their ends. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let held: Uint8Array[] = []
  let heldBytes = 0
  let passedBytes = 0
  let number = 1
  const take = (): Line => {
    const line = number++
    const raw = Buffer.concat(held)
    const length = passedBytes
    held = []
    heldBytes = passedBytes = 0
    if (length > LINE_BYTES_MAX) {
      return {
        number: line,
        problem: `is ${length} bytes long, more than ${LINE_BYTES_MAX}: no row of a table`,
      }
    }
    try {
      const text = decoder.decode(raw).replace(/\r$/, '')
      return isText(text) ? { number: line, text } : { number: line, problem: NOT_TEXT }
    } catch {
      return { number: line, problem: NOT_TEXT }
    }
  }
  for await (const chunk of bytes) {
    let from = 0
    while (from < chunk.length) {
      const found = chunk.indexOf(NEWLINE, from)
      const to = found === -1 ? chunk.length : found
      passedBytes += to - from
      if (heldBytes <= LINE_BYTES_MAX && to > from) {
        const part = chunk.subarray(from, Math.min(to, from + LINE_BYTES_MAX + 1))
        held.push(Uint8Array.from(part))
        heldBytes += part.length
      }
      if (found === -1) break
      yield take()
      from = found + 1
    }
  }
  if (passedBytes > 0) yield take()
}

const NOT_TEXT = 'is not UTF-8 text'
// Control characters other than tab have no place in a row.
const isText = (text: string): boolean => !/(?!\t)\p{Cc}/u.test(text)

const closesItsQuotes = (text: string): boolean => {
  let quotes = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes++
  return quotes % 2 === 0
}

interface Piece {
  readonly line: number
  readonly text: string
}

/** Records of a file; an empty line is none. `delimiter` is asked after the first record, the header, went out. */
export async function* csvRecords(
  bytes: AsyncIterable<Uint8Array>,
  delimiter: () => string,
): AsyncGenerator<TableRecord> {
  const assembler = new Assembler(delimiter)
  for await (const line of linesOf(bytes)) yield* assembler.push(line)
  yield* assembler.end()
}

class Assembler {
  readonly #delimiter: () => string
  #chunk: Piece[] = []
  /** Lines since one that left a quote open. */
  #open: Piece[] = []
  #seen = 0

  constructor(delimiter: () => string) {
    this.#delimiter = delimiter
  }

  push(line: Line): TableRecord[] {
    if ('problem' in line) {
      return [...this.#giveUp(), ...this.#flush(), { line: line.number, problem: line.problem }]
    }
    const text = line.number === 1 ? line.text.replace(/^\uFEFF/, '') : line.text
    const spoilt = this.#accept({ line: line.number, text })
    return this.#chunk.length >= CHUNK_RECORDS || (this.#seen === 0 && this.#chunk.length > 0)
      ? [...spoilt, ...this.#flush()]
      : spoilt
  }

  end(): TableRecord[] {
    return [...this.#giveUp(), ...this.#flush()]
  }

  #accept(piece: Piece): TableRecord[] {
    if (this.#open.length === 0) {
      if (piece.text.trim() === '') return []
      if (closesItsQuotes(piece.text)) this.#chunk.push(piece)
      else this.#open.push(piece)
      return []
    }
    this.#open.push(piece)
    const text = this.#open.map((one) => one.text).join('\n')
    if (this.#open.length > RECORD_LINES_MAX || text.length > LINE_BYTES_MAX) return this.#spoil()
    if (closesItsQuotes(text)) {
      this.#chunk.push({ line: this.#open[0]?.line ?? piece.line, text })
      this.#open = []
    }
    return []
  }

  /** The first of the open lines is spoilt; the others are looked at again (F3). */
  #spoil(): TableRecord[] {
    const [first, ...rest] = this.#open
    this.#open = []
    if (!first) return []
    const told = [...this.#flush(), { line: first.line, problem: 'has a quote that is not closed' }]
    for (const piece of rest) told.push(...this.#accept(piece))
    return told
  }

  #giveUp(): TableRecord[] {
    const told: TableRecord[] = []
    while (this.#open.length > 0) told.push(...this.#spoil())
    return told
  }

  #flush(): TableRecord[] {
    const pieces = this.#chunk
    this.#chunk = []
    this.#seen += pieces.length
    return [...parsed(pieces, this.#delimiter())]
  }
}

function* parsed(pieces: readonly Piece[], delimiter: string): Generator<TableRecord> {
  if (pieces.length === 0) return
  const rows = rowsOf(pieces.map((piece) => piece.text).join('\n'), delimiter)
  if (rows?.length === pieces.length) {
    for (const [index, piece] of pieces.entries()) yield { line: piece.line, fields: rows[index] ?? [] }
    return
  }
  for (const piece of pieces) {
    const alone = rowsOf(piece.text, delimiter)
    const fields = alone?.length === 1 ? alone[0] : undefined
    yield fields
      ? { line: piece.line, fields }
      : { line: piece.line, problem: 'has quotes in the wrong places' }
  }
}

const byBlanks = (line: string): string[] => line.trim().split(/[ \t]+/)

function rowsOf(text: string, delimiter: string): string[][] | undefined {
  if (delimiter === BLANKS) return text.split('\n').map(byBlanks)
  try {
    return parse(text, { delimiter, relax_column_count: true, trim: false }) as string[][]
  } catch {
    return undefined
  }
}
