/**
 * Owns reading one sheet of an XLSX workbook as records, row by row, in bounded memory. The number of a row is its line.
 * X1: cells are given out as text: numbers as exact decimals, days as YYYY-MM-DD (cells.ts), booleans as TRUE and FALSE.
 * X2: a formula counts by the value that was stored with it; one without spoils its row, and so does an error.
 * X3: only the shared texts are held, and their sum is bounded; rows stream by (workbook.ts Z1, Z2).
 */
import { columnOf, exactDecimal, isDateFormat, serialDate, unescaped } from './cells.ts'
import { LINE_BYTES_MAX, type TableRecord } from './csv.ts'
import { Workbook } from './workbook.ts'
import { WrongUse } from '../wrong-use.ts'

const MB = 1024 * 1024
const SMALL = { bytesMax: 16 * MB, ratioMax: 200 } as const
const TEXTS = { bytesMax: 256 * MB, ratioMax: 200 } as const
const SHEET = { bytesMax: 2048 * MB, ratioMax: 200 } as const
const SHARED_CHARS_MAX = 64 * MB
const SHARED_MAX = 2_000_000
const FIELDS_MAX = 500

interface Book {
  readonly part: string
  readonly dates: '1900' | '1904'
  readonly texts: readonly string[]
  /** By the style of a cell: does it hold a day? */
  readonly isDate: readonly boolean[]
}

export async function* xlsxRecords(file: string, sheet?: string): AsyncGenerator<TableRecord> {
  const workbook = await Workbook.open(file)
  try {
    const book = await openBook(workbook, file, sheet)
    const rows = new Rows(book)
    for await (const _chunk of workbook.read(book.part, rows, SHEET)) yield* rows.take()
  } finally {
    workbook.close()
  }
}

async function openBook(workbook: Workbook, file: string, wanted: string | undefined): Promise<Book> {
  const targets = await relations(workbook, '_rels/.rels', '')
  const main =
    [...targets.values()].find(({ type }) => type.endsWith('/officeDocument'))?.part ?? 'xl/workbook.xml'
  const folder = main.slice(0, main.lastIndexOf('/') + 1)
  const parts = await relations(workbook, `${folder}_rels/${main.slice(folder.length)}.rels`, folder)
  let dates: Book['dates'] = '1900'
  const sheets: { name: string; id: string }[] = []
  await workbook.readAll(
    main,
    {
      open(name, attributes) {
        if (name === 'workbookPr' && /^(1|true)$/.test(attributes['date1904'] ?? '')) dates = '1904'
        if (name !== 'sheet') return
        const id = Object.entries(attributes).find(([key]) => key === 'id' || key.endsWith(':id'))?.[1]
        sheets.push({ name: attributes['name'] ?? '', id: id ?? '' })
      },
    },
    SMALL,
  )
  const chosen = wanted === undefined ? sheets[0] : sheets.find(({ name }) => name === wanted)
  const part = parts.get(chosen?.id ?? '')?.part
  if (chosen === undefined || part === undefined) {
    const there = sheets.map(({ name }) => name).join(', ') || 'none'
    throw new WrongUse(
      wanted === undefined ? `${file} has no sheet` : `${file} has no sheet ${wanted}; its sheets: ${there}`,
    )
  }
  const partOf = (kind: string) => [...parts.values()].find(({ type }) => type.endsWith(`/${kind}`))?.part
  return {
    part,
    dates,
    texts: await sharedTexts(workbook, partOf('sharedStrings'), file),
    isDate: await dateStyles(workbook, partOf('styles')),
  }
}

interface Relation {
  readonly type: string
  readonly part: string
}

async function relations(workbook: Workbook, part: string, folder: string): Promise<Map<string, Relation>> {
  const found = new Map<string, Relation>()
  if (!workbook.has(part)) return found
  await workbook.readAll(
    part,
    {
      open(name, { Id: id, Type: type = '', Target: target = '' }) {
        if (name !== 'Relationship' || id === undefined) return
        const whole = target.startsWith('/') ? target.slice(1) : folder + target
        found.set(id, { type, part: whole.replaceAll(/[^/]+\/\.\.\//g, '') })
      },
    },
    SMALL,
  )
  return found
}

/** Texts that cells share; phonetic hints (rPh) are not part of a text. */
async function sharedTexts(
  workbook: Workbook,
  part: string | undefined,
  file: string,
): Promise<readonly string[]> {
  const texts: string[] = []
  if (part === undefined || !workbook.has(part)) return texts
  let held = 0
  const text = new RichText()
  await workbook.readAll(
    part,
    {
      open: (name) => text.open(name),
      text: (piece) => text.add(piece),
      close(name) {
        text.close(name)
        if (name !== 'si') return
        const one = text.take()
        held += one.length
        if (held > SHARED_CHARS_MAX || texts.length >= SHARED_MAX) {
          throw new WrongUse(`the texts of ${file} are too large to hold: save the sheet as CSV`)
        }
        texts.push(one)
      },
    },
    TEXTS,
  )
  return texts
}

class RichText {
  #inside = false
  #phonetic = false
  #pieces = ''

  open(name: string): void {
    if (name === 'rPh') this.#phonetic = true
    if (name === 't') this.#inside = !this.#phonetic
  }

  add(text: string): void {
    if (this.#inside) this.#pieces += text
  }

  close(name: string): void {
    if (name === 't') this.#inside = false
    if (name === 'rPh') this.#phonetic = false
  }

  take(): string {
    const text = unescaped(this.#pieces)
    this.#pieces = ''
    return text
  }
}

async function dateStyles(workbook: Workbook, part: string | undefined): Promise<readonly boolean[]> {
  const isDate: boolean[] = []
  if (part === undefined || !workbook.has(part)) return isDate
  const codes = new Map<number, string>()
  let cells = false
  await workbook.readAll(
    part,
    {
      open(name, attributes) {
        if (name === 'numFmt') codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '')
        if (name === 'cellXfs') cells = true
        if (name !== 'xf' || !cells) return
        const id = Number(attributes['numFmtId'] ?? 0)
        isDate.push(isDateFormat(id, codes.get(id)))
      },
      close(name) {
        if (name === 'cellXfs') cells = false
      },
    },
    SMALL,
  )
  return isDate
}

interface Cell {
  readonly column: number
  readonly type: string
  readonly style: number
  formula: boolean
  value: string | undefined
}

const letterOf = (column: number): string =>
  (column >= 26 ? letterOf(Math.floor(column / 26) - 1) : '') + String.fromCharCode(65 + (column % 26))

/** Turns the tags of a sheet into records. */
class Rows {
  readonly #book: Book
  readonly #text = new RichText()
  #done: TableRecord[] = []
  #line = 0
  #fields: string[] = []
  #chars = 0
  #problem: string | undefined
  #cell: Cell | undefined
  #next = 0
  #inValue = false

  constructor(book: Book) {
    this.#book = book
  }

  take(): readonly TableRecord[] {
    const done = this.#done
    this.#done = []
    return done
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'row') this.#openRow(Number(attributes['r'] ?? this.#line + 1))
    else if (name === 'c') this.#openCell(attributes)
    else if (name === 'v') this.#openValue()
    else if (name === 'f' && this.#cell) this.#cell.formula = true
    else this.#text.open(name)
  }

  text(piece: string): void {
    if (this.#inValue && this.#cell) this.#cell.value += piece
    else this.#text.add(piece)
  }

  close(name: string): void {
    if (name === 'v') this.#inValue = false
    else if (name === 'c') this.#closeCell()
    else if (name === 'row') this.#closeRow()
    else this.#text.close(name)
  }

  #openRow(line: number): void {
    this.#line = Number.isSafeInteger(line) && line > 0 ? line : this.#line + 1
    this.#fields = []
    this.#chars = 0
    this.#next = 0
    this.#problem = undefined
  }

  #openCell({ r, t = 'n', s = '0' }: Readonly<Record<string, string>>): void {
    const column = (r === undefined ? undefined : columnOf(r)) ?? this.#next
    this.#next = column + 1
    this.#cell = { column, type: t, style: Number(s), formula: false, value: undefined }
  }

  #openValue(): void {
    this.#inValue = true
    if (this.#cell) this.#cell.value = ''
  }

  #closeCell(): void {
    const cell = this.#cell
    this.#cell = undefined
    if (!cell) return
    const text = cell.type === 'inlineStr' ? this.#text.take() : this.#textOf(cell)
    if (text === '') return
    if (cell.column >= FIELDS_MAX)
      this.#spoil(`has a value in column ${letterOf(cell.column)}: too far right for a table`)
    else this.#set(cell.column, text)
  }

  #set(column: number, text: string): void {
    this.#chars += text.length
    if (this.#chars > LINE_BYTES_MAX) {
      this.#spoil(`is longer than ${LINE_BYTES_MAX} characters: no row of a table`)
      return
    }
    while (this.#fields.length < column) this.#fields.push('')
    this.#fields[column] = text
  }

  #textOf({ type, value, formula, column, style }: Cell): string {
    const at = `cell ${letterOf(column)}${this.#line}`
    if (value === undefined || (value === '' && type !== 'str')) {
      if (formula)
        this.#spoil(`${at} has a formula without a stored value: open the file in a spreadsheet and save it`)
      return ''
    }
    switch (type) {
      case 's': {
        const text = this.#book.texts[Number(value)]
        if (text === undefined) this.#spoil(`${at} refers to a text that the file lacks`)
        return text ?? ''
      }
      case 'str':
        return unescaped(value)
      case 'b':
        return value.trim() === '1' ? 'TRUE' : 'FALSE'
      case 'd':
        return value.trim()
      case 'e':
        this.#spoil(`${at} holds the error ${value}`)
        return ''
      default:
        return this.#numberOf(value, style, at)
    }
  }

  #numberOf(value: string, style: number, at: string): string {
    const date = this.#book.isDate[style] === true
    const text = date ? serialDate(value, this.#book.dates) : exactDecimal(value)
    if (text === undefined)
      this.#spoil(`${at} holds ${value.slice(0, 40)}, which is no ${date ? 'day' : 'number'}`)
    return text ?? ''
  }

  #spoil(problem: string): void {
    this.#problem ??= problem
  }

  #closeRow(): void {
    const { length } = this.#fields
    if (this.#problem !== undefined) this.#done.push({ line: this.#line, problem: this.#problem })
    else if (length > 0) this.#done.push({ line: this.#line, fields: this.#fields })
  }
}
