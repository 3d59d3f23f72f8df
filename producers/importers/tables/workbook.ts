/**
 * Owns the container of a workbook: a ZIP file of XML parts, read as they stream by. Refuses what is not safe to read.
 * Z1: bytes are counted as they come out, never believed from a header: a part that swells over its limit ends the read.
 * Z2: no text between two tags is longer than TEXT_MAX, so a part is never held; entities other than XML's own five are
 *     errors of the parser.
 */
import { SaxesParser } from 'saxes'
import yauzl from 'yauzl'
import { WrongUse } from '../wrong-use.ts'

export interface PartLimits {
  /** Of the part's XML, unpacked. */
  readonly bytesMax: number
  /** Times its packed size, where it is more than a few megabytes. */
  readonly ratioMax: number
}

const ENTRIES_MAX = 10_000
const TEXT_MAX = 1024 * 1024
const RATIO_FROM = 8 * 1024 * 1024

export interface Xml {
  open?(name: string, attributes: Readonly<Record<string, string>>): void
  text?(text: string): void
  close?(name: string): void
}

/** `x:row` and `row` are one: writers choose their prefixes. */
const local = (name: string): string => name.slice(name.indexOf(':') + 1)

export class Workbook {
  readonly #zip: yauzl.ZipFile
  readonly #entries: ReadonlyMap<string, yauzl.Entry>
  readonly #file: string

  private constructor(file: string, zip: yauzl.ZipFile, entries: ReadonlyMap<string, yauzl.Entry>) {
    this.#file = file
    this.#zip = zip
    this.#entries = entries
  }

  static async open(file: string): Promise<Workbook> {
    const zip = await yauzl.openPromise(file, { autoClose: false }).catch((error: unknown) => {
      throw broken(file, error)
    })
    try {
      if (zip.entryCount > ENTRIES_MAX) throw new WrongUse(`${file} has ${zip.entryCount} parts: no workbook`)
      const entries = new Map<string, yauzl.Entry>()
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName.toLowerCase(), entry)
      return new Workbook(file, zip, entries)
    } catch (error) {
      zip.close()
      throw error instanceof WrongUse ? error : broken(file, error)
    }
  }

  close(): void {
    this.#zip.close()
  }

  has(part: string): boolean {
    return this.#entries.has(part.toLowerCase())
  }

  /** Reads a part to its end; after each chunk it gives way to `between`, so that what was gathered can go on. */
  async *read(part: string, xml: Xml, { bytesMax, ratioMax }: PartLimits): AsyncGenerator<void> {
    const entry = this.#entries.get(part.toLowerCase())
    if (!entry) throw new WrongUse(`${this.#file} has no part ${part}: it is no whole workbook`)
    if (entry.isEncrypted())
      throw new WrongUse(`${this.#file} is protected by a password: save it without one`)
    const most = Math.max(RATIO_FROM, Math.min(bytesMax, entry.compressedSize * ratioMax))
    const parser = new SaxesParser({ xmlns: false })
    let quiet = 0
    parser.on('opentag', ({ name, attributes }) => {
      quiet = 0
      xml.open?.(local(name), attributes)
    })
    parser.on('closetag', ({ name }) => {
      quiet = 0
      xml.close?.(local(name))
    })
    parser.on('text', (text) => xml.text?.(text))
    parser.on('cdata', (text) => xml.text?.(text))
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let bytes = 0
    try {
      const stream = await this.#zip.openReadStreamPromise(entry)
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > most) {
          throw new WrongUse(
            `${part} of ${this.#file} unpacks to more than ${Math.round(most / 1024 / 1024)} MB: too much for a table`,
          )
        }
        quiet += chunk.length
        parser.write(decoder.decode(chunk, { stream: true }))
        if (quiet > TEXT_MAX) throw new WrongUse(`${part} of ${this.#file} has a text that never ends`)
        yield
      }
      parser.close()
      yield
    } catch (error) {
      throw error instanceof WrongUse ? error : broken(this.#file, error)
    }
  }

  /** Reads a small part at once. */
  async readAll(part: string, xml: Xml, limits: PartLimits): Promise<void> {
    for await (const _chunk of this.read(part, xml, limits));
  }
}

const broken = (file: string, error: unknown): Error => {
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && error instanceof Error) return error
  return new WrongUse(
    `${file} can't be read as a workbook: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    { cause: error },
  )
}
