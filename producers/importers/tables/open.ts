/** Owns which kind of table a file is, by its first bytes, and hands out its records in one form. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { WrongUse } from '../wrong-use.ts'
import { csvRecords, type TableRecord } from './csv.ts'
import { xlsxRecords } from './xlsx.ts'

export interface Table {
  readonly format: 'csv' | 'xlsx'
  /** `delimiter` is asked after the first record went out; a workbook does not ask. */
  records(delimiter: () => string): AsyncGenerator<TableRecord>
}

const ZIP = Buffer.from('PK')
/** Old .xls files, and new ones behind a password. */
const OLE = Buffer.from('d0cf11e0', 'hex')

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

export async function openTable(file: string, sheet?: string): Promise<Table> {
  const first = await firstBytes(file)
  if (first.equals(OLE)) {
    throw new WrongUse(`${file} is an old .xls workbook or has a password: save it as .xlsx without one`)
  }
  if (first.subarray(0, 2).equals(ZIP)) return { format: 'xlsx', records: () => xlsxRecords(file, sheet) }
  if (sheet !== undefined) throw new WrongUse(`${file} is no workbook, so it has no sheet ${sheet}`)
  return { format: 'csv', records: (delimiter) => linesOfFile(file, delimiter) }
}

async function* linesOfFile(file: string, delimiter: () => string): AsyncGenerator<TableRecord> {
  const bytes = createReadStream(file, { highWaterMark: 256 * 1024 })
  try {
    yield* csvRecords(bytes, delimiter)
  } finally {
    bytes.destroy()
  }
}
