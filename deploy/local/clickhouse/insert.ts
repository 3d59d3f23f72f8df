/**
 * Owns cutting an INSERT into statement and data. PURE.
 *
 *   INSERT INTO t (a, b) SETTINGS x = 1 FORMAT Native <bytes>
 *                      ^source         ^format       ^data
 *
 * I1: bytes after the head are never looked at, so binary data can hold anything. I2: data starts where a real server
 * starts it: after the format's name, blanks, and at most one line end. I3: the data goes to the engine as a file
 * (`FROM INFILE`), at the place where its grammar wants it: before SETTINGS.
 * Refuses: other statements (undefined), which the engine gets as they are.
 */
import { nextToken, type Token } from './lexer.ts'

export interface InsertHead {
  /** Where `FROM INFILE` goes. */
  readonly source: number
  /** Settings between the table and the format, as written. */
  readonly settings: string
  readonly format: string
  /** Where the data starts, in bytes. */
  readonly data: number
  /** `VALUES (...)` instead of `FORMAT x`. */
  readonly values: boolean
  /** `SELECT ... FROM input('structure')`: the call, to be replaced by a table function over the file. */
  readonly input?: { readonly start: number; readonly end: number; readonly structure: string }
}

/** `more`: the head is not whole yet. undefined: not an INSERT with data. */
export function insertHead(text: string): InsertHead | 'more' | undefined {
  const first = nextToken(text, 0)
  if (first === 'open' || first === 'end') return first === 'open' ? 'more' : undefined
  // A word at the very end may be the first half of a longer one.
  if (first.text !== 'INSERT') {
    return first.end === text.length && 'INSERT'.startsWith(first.text) ? 'more' : undefined
  }
  return scan(text, first.end)
}

interface Cursor {
  settings?: number
  select?: number
  format?: boolean
  named: boolean
  depth: number
  into: boolean
}

function scan(text: string, from: number): InsertHead | 'more' | undefined {
  const seen: Cursor = { named: false, depth: 0, into: false }
  let at = from
  while (true) {
    const token = nextToken(text, at)
    if (token === 'open' || token === 'end') return 'more'
    at = token.end
    if (token.text === '(') seen.depth += 1
    else if (token.text === ')') seen.depth -= 1
    if (seen.depth > 0 || token.kind !== 'word') {
      if (token.kind === 'name') seen.named = true
      continue
    }
    if (!seen.named) {
      // The first word that is no keyword is the table, whatever it is called.
      if (!['INTO', 'TABLE', 'FUNCTION'].includes(token.text)) seen.named = true
      continue
    }
    const previous = text[token.start - 1]
    if (previous === '.') continue
    if (token.text === 'SETTINGS') seen.settings ??= token.start
    else if (token.text === 'SELECT' || token.text === 'WITH') seen.select ??= token.start
    else if (token.text === 'FROM' && seen.select === undefined) return undefined
    else if (token.text === 'VALUES' && seen.select === undefined) return valuesHead(text, token, seen)
    else if (token.text === 'FORMAT') {
      const head = formatHead(text, token, seen)
      if (head !== 'continue') return head
    }
  }
}

function valuesHead(text: string, token: Token, seen: Cursor): InsertHead {
  const source = seen.settings ?? token.start
  return {
    source,
    settings: text.slice(source, token.start),
    format: 'Values',
    data: token.end,
    values: true,
  }
}

function formatHead(text: string, token: Token, seen: Cursor): InsertHead | 'more' | 'continue' {
  const name = nextToken(text, token.end)
  if (name === 'open' || name === 'end') return 'more'
  // FORMAT as an alias or a column: only a following word names a format.
  if (name.kind !== 'word') return 'continue'
  const source = seen.settings !== undefined && seen.select === undefined ? seen.settings : token.start
  let data = name.end
  while (text[data] === ' ' || text[data] === '\t' || text[data] === '\f') data += 1
  if (text[data] === '\r') data += 1
  if (text[data] === '\n') data += 1
  const head = {
    source,
    settings: text.slice(source, token.start),
    format: text.slice(name.start, name.end),
    data,
    values: false,
  }
  if (seen.select === undefined) return head
  const input = inputCall(text.slice(0, token.start), seen.select)
  return input === undefined ? 'continue' : { ...head, input }
}

function inputCall(text: string, from: number): InsertHead['input'] {
  let at = from
  while (true) {
    const token = nextToken(text, at)
    if (token === 'end' || token === 'open') return undefined
    at = token.end
    if (token.text !== 'INPUT') continue
    const open = nextToken(text, token.end)
    if (open === 'end' || open === 'open' || open.text !== '(') continue
    const argument = nextToken(text, open.end)
    if (argument === 'end' || argument === 'open') return undefined
    const close = argument.text === ')' ? argument : nextToken(text, argument.end)
    if (close === 'end' || close === 'open' || close.text !== ')') return undefined
    return { start: token.start, end: close.end, structure: argument.kind === 'string' ? argument.text : '' }
  }
}

/** The statement that reads the data from a file; `quotedPath` is a literal of the engine. */
export function statementFor(text: string, head: InsertHead, quotedPath: string): string {
  if (head.input === undefined) {
    return `${text.slice(0, head.source)} FROM INFILE ${quotedPath} COMPRESSION 'none' ${head.settings} FORMAT ${head.format}`
  }
  const { start, end, structure } = head.input
  const parts = [quotedPath, `'${head.format}'`, ...(structure === '' ? [] : [structure]), "'none'"]
  const call = structure === '' ? `file(${parts.slice(0, 2).join(', ')})` : `file(${parts.join(', ')})`
  return `${text.slice(0, start)}${call}${text.slice(end, head.source)}`
}
