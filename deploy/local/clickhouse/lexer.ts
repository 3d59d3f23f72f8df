/**
 * Owns cutting a ClickHouse text into tokens: words, quoted names, strings, numbers, punctuation; comments and blanks
 * are skipped. PURE. Offsets are those of the given string; give it latin1 text and they are bytes.
 * Refuses: understanding the language. It finds where the data of an INSERT starts and which FORMAT a query names;
 * what an analyst may do is decided by the engine's own parser, never by this file.
 */
export type TokenKind = 'word' | 'name' | 'string' | 'number' | 'punctuation'

export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** Upper case for words; the character for punctuation. */
  readonly text: string
}

/** `end`: nothing is left. `open`: the text ends inside of a comment, a string or a quoted name. */
export type Next = Token | 'end' | 'open'

const BLANK = /[\s\0]/
const WORD_START = /[A-Za-z_]/
const WORD = /[A-Za-z0-9_$]/
const NUMBER = /[0-9A-Za-z_.]/

function skipBlank(text: string, from: number): number | 'open' {
  let at = from
  while (at < text.length) {
    const char = text[at] ?? ''
    if (BLANK.test(char)) at += 1
    else if (text.startsWith('--', at) || text.startsWith('# ', at) || text.startsWith('#!', at)) {
      const end = text.indexOf('\n', at)
      if (end < 0) return text.length
      at = end + 1
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2)
      if (end < 0) return 'open'
      at = end + 2
    } else break
  }
  return at
}

function quotedEnd(text: string, from: number, quote: string): number {
  let at = from + 1
  while (at < text.length) {
    if (text[at] === '\\') at += 2
    else if (text[at] !== quote) at += 1
    else if (text[at + 1] === quote) at += 2
    else return at + 1
  }
  return -1
}

function run(text: string, from: number, accepted: RegExp): number {
  let at = from
  while (at < text.length && accepted.test(text[at] ?? '')) at += 1
  return at
}

export function nextToken(text: string, from: number): Next {
  const start = skipBlank(text, from)
  if (start === 'open') return 'open'
  if (start >= text.length) return 'end'
  const char = text[start] ?? ''
  if (char === "'" || char === '"' || char === '`') {
    const end = quotedEnd(text, start, char)
    if (end < 0) return 'open'
    return { kind: char === "'" ? 'string' : 'name', start, end, text: text.slice(start, end) }
  }
  if (char === '$') {
    const tag = /^\$\w*\$/.exec(text.slice(start, start + 64))
    if (tag) {
      const close = text.indexOf(tag[0], start + tag[0].length)
      if (close < 0) return 'open'
      const end = close + tag[0].length
      return { kind: 'string', start, end, text: text.slice(start, end) }
    }
  }
  if (WORD_START.test(char)) {
    const end = run(text, start, WORD)
    return { kind: 'word', start, end, text: text.slice(start, end).toUpperCase() }
  }
  if (/[0-9]/.test(char)) {
    const end = run(text, start, NUMBER)
    return { kind: 'number', start, end, text: text.slice(start, end) }
  }
  return { kind: 'punctuation', start, end: start + 1, text: char }
}

/** All tokens; undefined when the text ends inside of one. */
export function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  while (true) {
    const token = nextToken(text, at)
    if (token === 'end') return tokens
    if (token === 'open') return undefined
    tokens.push(token)
    at = token.end
  }
}

/** The format that a query asks for by `FORMAT name` outside of parentheses, if it does. */
export function formatOf(text: string): string | undefined {
  let depth = 0
  let found: string | undefined
  const tokens = tokensOf(text) ?? []
  tokens.forEach((token, index) => {
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    const next = tokens[index + 1]
    if (depth !== 0 || token.kind !== 'word' || token.text !== 'FORMAT' || next?.kind !== 'word') return
    const after = tokens[index + 2]
    if (after === undefined || after.text === ';' || after.text === 'SETTINGS') {
      found = text.slice(next.start, next.end)
    }
  })
  return found
}

/** A string literal of the engine. */
export const literal = (value: string): string => `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
/** A quoted name of the engine. */
export const quotedName = (name: string): string => `\`${name.replace(/\\/g, '\\\\').replace(/`/g, '\\`')}\``
