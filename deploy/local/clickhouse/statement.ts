/**
 * Owns putting together what a client sent: the query of the URL, a line end, and the body are one text (as in a real
 * server), of which an INSERT's data goes to a file and everything else is the statement.
 * M1: a body is read to its end before anything runs, so an insert cut off on the way runs not at all.
 * M2: of the text at most 1 MB is held in memory; data has the limit of the body.
 */
import { queryTooLarge } from './errors.ts'
import { type Spooled, spool } from './bodies.ts'
import { insertHead, type InsertHead, statementFor } from './insert.ts'
import { literal } from './lexer.ts'

export const STATEMENT_MAX = 1024 * 1024

export interface Statement {
  readonly text: string
  /** The data of an INSERT, in a file that the caller removes. */
  readonly data?: Spooled
}

interface Gathered {
  readonly latin: string
  readonly head: InsertHead | undefined
  readonly ended: boolean
}

export async function readStatement(
  query: string,
  body: AsyncGenerator<Buffer>,
  folder: string,
): Promise<Statement> {
  const chunks: Buffer[] = query === '' ? [] : [Buffer.from(`${query}\n`)]
  const { latin, head, ended } = await gather(chunks, body)
  if (head === undefined || (head.values && ended)) {
    return { text: Buffer.from(latin, 'latin1').toString('utf8').trimEnd() }
  }
  const data = await spool(folder, rest(Buffer.from(latin.slice(head.data), 'latin1'), body))
  // The text is latin1 so far, byte for byte; the path joins it in the same way.
  const path = Buffer.from(literal(data.path)).toString('latin1')
  return { text: Buffer.from(statementFor(latin, head, path), 'latin1').toString('utf8'), data }
}

/** Reads until the head of an INSERT is known, or to the end. */
async function gather(chunks: Buffer[], body: AsyncGenerator<Buffer>): Promise<Gathered> {
  let size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  while (true) {
    const next = await body.next()
    const ended = next.done === true
    if (!ended) {
      chunks.push(next.value)
      size += next.value.length
    }
    const latin = Buffer.concat(chunks).toString('latin1')
    chunks.splice(0, chunks.length, Buffer.from(latin, 'latin1'))
    const found = insertHead(latin)
    const head = found === 'more' || found === undefined ? undefined : found
    if (ended) return { latin, head, ended }
    // A head that ends where the bytes end may go on in the next ones.
    const whole = head !== undefined && head.data < latin.length
    if (whole && (!head.values || size > STATEMENT_MAX)) return { latin, head, ended }
    if (size > STATEMENT_MAX) {
      throw queryTooLarge(`The text of a query may have ${STATEMENT_MAX} bytes; data goes after FORMAT name`)
    }
  }
}

async function* rest(first: Buffer, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  yield* body
}
