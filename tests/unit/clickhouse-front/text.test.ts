/** Lexer, INSERT heads, errors, request parameters: the pure parts that read what clients send. */
import { describe, expect, it } from '@jest/globals'
import { fromEngine, httpStatus, render } from '../../../deploy/local/clickhouse/errors.ts'
import { contentType, summary } from '../../../deploy/local/clickhouse/formats.ts'
import { insertHead, statementFor } from '../../../deploy/local/clickhouse/insert.ts'
import { formatOf, literal, nextToken, tokensOf } from '../../../deploy/local/clickhouse/lexer.ts'
import { readRequest } from '../../../deploy/local/clickhouse/request.ts'

const texts = (sql: string): readonly string[] | undefined => tokensOf(sql)?.map((token) => token.text)

describe('tokens', () => {
  it('skips comments of every kind and keeps strings and quoted names whole', () => {
    expect(texts('-- a\nselect /* ( */ `a``b` # c\n, \'it\\\'s\' , "x""y" #! d\n;')).toEqual([
      'SELECT',
      '`a``b`',
      ',',
      "'it\\'s'",
      ',',
      '"x""y"',
      ';',
    ])
  })
  it('takes a heredoc as one string, whatever is in it', () => {
    expect(texts("f($x$ ' ; FORMAT $y$ $x$)")).toEqual(['F', '(', "$x$ ' ; FORMAT $y$ $x$", ')'])
  })
  it('says that a text ends inside of a string, a name or a comment', () => {
    for (const open of ["select 'a", 'select `a', 'select /* a', "select 'a\\'"]) {
      expect(tokensOf(open)).toBeUndefined()
    }
    expect(nextToken('  -- only a comment', 0)).toBe('end')
  })
  it('writes literals that read back as they were', () => {
    expect(literal("it's a \\ test")).toBe("'it\\'s a \\\\ test'")
  })
})

describe('the format that a query names', () => {
  it.each([
    ['SELECT 1 FORMAT JSON', 'JSON'],
    ['SELECT 1 format CSVWithNames ;', 'CSVWithNames'],
    ['SELECT 1 FORMAT TSV SETTINGS max_threads = 1', 'TSV'],
    ["SELECT 'FORMAT JSON'", undefined],
    ['SELECT 1 -- FORMAT JSON', undefined],
    ['SELECT format FROM t', undefined],
    ['SELECT * FROM (SELECT 1 AS format) AS x', undefined],
  ])('%s', (sql, format) => {
    expect(formatOf(sql)).toBe(format)
  })
})

describe('the head of an INSERT', () => {
  const cut = (text: string): readonly [string, string] | string => {
    const head = insertHead(text)
    if (head === undefined) return 'none'
    if (head === 'more') return 'more'
    return [statementFor(text, head, "'F'").replace(/\s+/g, ' '), text.slice(head.data)]
  }
  it.each([
    ['INSERT INTO t FORMAT CSV\n1,2', "INSERT INTO t FROM INFILE 'F' COMPRESSION 'none' FORMAT CSV", '1,2'],
    [
      'insert into db.t (a, b) Format Native \t\r\n\n\0',
      "insert into db.t (a, b) FROM INFILE 'F' COMPRESSION 'none' FORMAT Native",
      '\n\0',
    ],
    [
      "INSERT INTO t SETTINGS x = 1, y = 'FORMAT' FORMAT TSV a",
      "INSERT INTO t FROM INFILE 'F' COMPRESSION 'none' SETTINGS x = 1, y = 'FORMAT' FORMAT TSV",
      'a',
    ],
    ['INSERT INTO t VALUES (1)', "INSERT INTO t FROM INFILE 'F' COMPRESSION 'none' FORMAT Values", ' (1)'],
    [
      'INSERT INTO `FORMAT` (`VALUES`) FORMAT CSV\n',
      "INSERT INTO `FORMAT` (`VALUES`) FROM INFILE 'F' COMPRESSION 'none' FORMAT CSV",
      '',
    ],
    [
      'INSERT INTO format FORMAT CSV 1',
      "INSERT INTO format FROM INFILE 'F' COMPRESSION 'none' FORMAT CSV",
      '1',
    ],
    [
      'INSERT INTO db.values FORMAT CSV 1',
      "INSERT INTO db.values FROM INFILE 'F' COMPRESSION 'none' FORMAT CSV",
      '1',
    ],
    [
      "/* x */ INSERT INTO TABLE FUNCTION null('a Int8') FORMAT CSV 1",
      "/* x */ INSERT INTO TABLE FUNCTION null('a Int8') FROM INFILE 'F' COMPRESSION 'none' FORMAT CSV",
      '1',
    ],
    [
      "INSERT INTO t SELECT a + 1 FROM input('a Int8') FORMAT CSV\n1",
      "INSERT INTO t SELECT a + 1 FROM file('F', 'CSV', 'a Int8', 'none')",
      '1',
    ],
  ])('%j', (text, statement, data) => {
    const found = cut(text)
    expect(found).toEqual([expect.any(String), data])
    expect((found[0] ?? '').trim()).toBe(statement)
  })
  it.each([
    'SELECT 1 FORMAT CSV',
    'CREATE TABLE t (a Int8) ENGINE = Memory',
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
    'WITH 1 AS x SELECT x',
    '',
  ])('leaves %j to the engine', (text) => {
    expect(cut(text)).toBe('none')
  })
  it.each([
    'INSERT INTO t',
    'INS',
    'INSERT INTO t (a',
    'INSERT INTO t SELECT * FROM x',
    '/* INSERT',
    "INSERT INTO t SELECT 'FORMAT",
  ])('needs more of %j', (text) => {
    expect(cut(text)).toBe('more')
  })
})

describe('errors of the engine', () => {
  it('loses the shells that repeat the same exception', () => {
    const error = fromEngine(
      new Error(
        "Code: 164. DB::Exception: Code: 164. DB::Exception: Cannot modify 'x' setting in readonly mode. (READONLY) (version 26.7.2.1). (READONLY)",
      ),
    )
    expect([error.code, error.type, error.message]).toEqual([
      164,
      'READONLY',
      "Cannot modify 'x' setting in readonly mode",
    ])
    expect(render(error, '1.2')).toBe(
      "Code: 164. DB::Exception: Cannot modify 'x' setting in readonly mode. (READONLY) (version 1.2 (chdb))\n",
    )
  })
  it('has the statuses of a real server', () => {
    const status = (code: number): number =>
      httpStatus(fromEngine(new Error(`Code: ${code}. DB::Exception: x. (SOME_NAME)`)))
    expect([62, 60, 47, 516, 497, 159, 48, 202, 241, 999].map(status)).toEqual([
      400, 404, 404, 403, 403, 408, 501, 503, 500, 500,
    ])
  })
  it('is an unknown exception when the engine did not speak', () => {
    expect(fromEngine(new TypeError('x is undefined')).code).toBe(1002)
  })
})

describe('parameters of a request', () => {
  const read = (query: string, headers: Record<string, string> = {}) =>
    readRequest(new URL(`http://x/?${query}`), headers)
  it('keeps settings apart from what belongs to the interface', () => {
    const asked = read(
      'query=SELECT+1&database=d&max_threads=3&param_a=5&session_id=s&wait_end_of_query=1&async_insert=1&wait_for_async_insert=0&http_write_exception_in_output_format=1&user=u&password=p',
    )
    expect([...asked.settings]).toEqual([['max_threads', '3']])
    expect([...asked.parameters]).toEqual([['a', '5']])
    expect(asked).toMatchObject({ query: 'SELECT 1', database: 'd', sessionId: 's', format: 'TabSeparated' })
  })
  it('takes database and format from headers too', () => {
    const asked = read('', { 'x-clickhouse-database': 'h', 'x-clickhouse-format': 'CSV' })
    expect(asked).toMatchObject({ database: 'h', format: 'CSV' })
  })
  it('refuses native block compression and says what to use', () => {
    expect(() => read('compress=1')).toThrow('enable_http_compression=1')
    expect(() => read('decompress=1')).toThrow('Content-Encoding')
    expect(() => read('compress=0')).not.toThrow()
  })
  it('bounds the life of a session', () => {
    expect(read('session_timeout=999999').sessionTimeoutS).toBe(3600)
    expect(() => read('session_timeout=soon')).toThrow('seconds')
  })
})

describe('what an answer says of itself', () => {
  it('names the media type', () => {
    expect(contentType('JSONEachRow')).toBe('application/x-ndjson; charset=UTF-8')
    expect(contentType('JSONCompact')).toBe('application/json; charset=UTF-8')
    expect(contentType('Native')).toBe('application/octet-stream')
    expect(contentType('Pretty')).toBe('text/plain; charset=UTF-8')
  })
  it('takes rows read from the statistics where the format has them', () => {
    const outcome = { elapsedS: 0.5, resultRows: 1, resultBytes: 8, writtenRows: 0, writtenBytes: 0 }
    const bytes = Buffer.from('{"data":[],"statistics":{"elapsed":0.1,"rows_read": 17,"bytes_read": 99}}')
    expect(JSON.parse(summary({ ...outcome, bytes, format: 'JSON' }))).toMatchObject({
      read_rows: '17',
      read_bytes: '99',
      result_rows: '1',
      elapsed_ns: '500000000',
    })
    expect(JSON.parse(summary({ ...outcome, bytes, format: 'CSV' }))).toMatchObject({ read_rows: '1' })
  })
})
