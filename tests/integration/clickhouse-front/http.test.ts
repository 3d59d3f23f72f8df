/** The HTTP interface as curl meets it: answers, headers, errors, bodies in every encoding; each insert is read back. */
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  brotliCompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  brotliDecompressSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { TestFront, WRITER } from './front.ts'

const front = new TestFront()

beforeAll(async () => {
  await front.start()
  await front.sql('CREATE DATABASE work')
  await front.sql(
    `CREATE TABLE work.rows (id UInt64, note String, amount Decimal(38, 4)) ENGINE = MergeTree ORDER BY id`,
  )
}, 120_000)

afterAll(async () => {
  await front.remove()
})

const emptied = async (): Promise<void> => {
  await front.sql('TRUNCATE TABLE work.rows')
}
const stored = (): Promise<string> =>
  front.sql('SELECT * FROM work.rows ORDER BY id FORMAT JSONCompactEachRow')
const code = (reply: { headers: Record<string, unknown> }): unknown =>
  reply.headers['x-clickhouse-exception-code']

describe('answers', () => {
  it('ping and readiness need no password', async () => {
    for (const [path, text] of [
      ['/ping', 'Ok.\n'],
      ['/', 'Ok.\n'],
    ] as const) {
      const reply = await front.ask({ method: 'GET', path, user: '' })
      expect([reply.status, reply.text]).toEqual([200, text])
    }
    expect((await front.ask({ method: 'GET', path: '/readyz', user: '' })).status).toBe(200)
    expect((await front.ask({ method: 'GET', path: '/nothing', user: '' })).status).toBe(404)
  })
  it('odd requests are answered and end nothing', async () => {
    for (const path of [
      '//',
      '/\\',
      '/%',
      '/?%',
      '/?query=%zz',
      '/ping//',
      '/?user=a&user=b',
      '*',
      'http://x/',
      ':1',
    ]) {
      const raw = await new Promise<string>((resolve, reject) => {
        const socket = connect(front.port, '127.0.0.1', () => {
          socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
        })
        socket.setEncoding('utf8')
        let text = ''
        socket.on('data', (part: string) => {
          text += part
        })
        socket.on('end', () => resolve(text))
        socket.on('error', reject)
      })
      expect([path, /^HTTP\/1\.1 [234]\d\d /.test(raw)]).toEqual([path, true])
    }
    expect(await front.sql('SELECT 1')).toBe('1\n')
  })
  it('say what they are', async () => {
    const reply = await front.ask({
      params: { query_id: 'my-id', default_format: 'JSONEachRow' },
      body: 'SELECT number FROM numbers(3)',
    })
    expect(reply.text).toBe('{"number":0}\n{"number":1}\n{"number":2}\n')
    expect(reply.headers).toMatchObject({
      'x-clickhouse-query-id': 'my-id',
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-timezone': 'UTC',
      'x-clickhouse-server-display-name': 'nikash-local',
      'content-type': 'application/x-ndjson; charset=UTF-8',
    })
    expect(JSON.parse(String(reply.headers['x-clickhouse-summary']))).toMatchObject({
      result_rows: '3',
      written_rows: '0',
    })
    expect((await front.sql('SELECT timezone()')).trim()).toBe('UTC')
  })
  it('the FORMAT of the query wins over the default, and is named', async () => {
    const reply = await front.ask({
      params: { default_format: 'JSON' },
      body: "SELECT 1 AS a, 'x' AS b FORMAT CSVWithNames",
    })
    expect([reply.text, reply.headers['x-clickhouse-format']]).toEqual(['"a","b"\n1,"x"\n', 'CSVWithNames'])
  })
  it('count the rows that were read from storage, in formats that know', async () => {
    const reply = await front.ask({
      body: 'SELECT count() FROM (SELECT number FROM numbers(1000) WHERE number % 2) FORMAT JSON',
    })
    expect(JSON.parse(String(reply.headers['x-clickhouse-summary']))).toMatchObject({
      read_rows: '1000',
      result_rows: '1',
    })
  })
  it('errors carry the code, the name and the status', async () => {
    for (const [sql, number, name, status] of [
      ['SELECT nope', '47', 'UNKNOWN_IDENTIFIER', 404],
      ['SELECT * FROM nope.nope', '81', 'UNKNOWN_DATABASE', 404],
      ['SELECT * FROM work.nope', '60', 'UNKNOWN_TABLE', 404],
      ['SELEC 1', '62', 'SYNTAX_ERROR', 400],
      ['selec', '62', 'SYNTAX_ERROR', 400],
      ['SELECT 1; SELECT 2', '62', 'SYNTAX_ERROR', 400],
      ['SELECT throwIf(1)', '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO', 500],
      ['SELECT 1 FORMAT Nope', '73', 'UNKNOWN_FORMAT', 404],
    ] as const) {
      const reply = await front.ask({ body: sql })
      expect([sql, reply.status, code(reply)]).toEqual([sql, status, number])
      expect(reply.text).toMatch(
        new RegExp(`^Code: ${number}\\. DB::Exception: [\\s\\S]*\\(${name}\\) \\(version `),
      )
    }
    expect(code(await front.ask({ body: 'SELECT 1', params: { no_such_setting: '1' } }))).toBe('115')
    expect(code(await front.ask({ body: 'SELECT 1', params: { database: 'nope' } }))).toBe('81')
    expect(code(await front.ask({ body: 'SELECT 1', password: 'wrong' }))).toBe('516')
    expect(code(await front.ask({ body: 'SELECT 1', params: { compress: '1' } }))).toBe('48')
  })
  it('GET reads and does not write', async () => {
    const read = await front.ask({ method: 'GET', params: { query: 'SELECT 1' } })
    expect(read.text).toBe('1\n')
    for (const query of [
      "INSERT INTO work.rows VALUES (1, 'x', 1)",
      'DROP TABLE work.rows',
      'TRUNCATE TABLE work.rows',
    ]) {
      expect(code(await front.ask({ method: 'GET', params: { query } }))).toBe('164')
    }
  })
  it.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['br', brotliDecompressSync],
    ['zstd', zstdDecompressSync],
    ['lz4', decompressFrame],
  ] as const)('come in %s when asked for', async (encoding, decode) => {
    const ask = {
      body: 'SELECT number, toString(number) FROM numbers(5000)',
      headers: { 'accept-encoding': encoding },
    }
    const packed = await front.ask({ ...ask, params: { enable_http_compression: '1' } })
    expect(packed.headers['content-encoding']).toBe(encoding)
    const plain = await front.ask(ask)
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect((await decode(packed.body)).toString()).toBe(plain.text)
  })
  it('settings and parameters of the URL hold for one request', async () => {
    const sql = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    const before = await front.sql(sql)
    expect(await front.sql(sql, { max_block_size: '123' })).toBe('123\n')
    expect(await front.sql(sql)).toBe(before)
    const values = { param_a: '41', param_s: "it's a \\t tab", param_l: "['x','y']", param_d: '2026-11-23' }
    expect(await front.sql('SELECT {a:UInt8} + 1, {s:String}, {l:Array(String)}, {d:Date}', values)).toBe(
      "42\tit\\'s a \\t tab\t['x','y']\t2026-11-23\n",
    )
    expect(code(await front.ask({ body: 'SELECT {a:UInt8}' }))).toBe('456')
  })
  it('a result too large to hold is streamed, or refused when its format has a head', async () => {
    const query = 'SELECT number, toString(number) FROM numbers(8000000)'
    const streamed = await front.ask({ body: query })
    expect(streamed.headers['transfer-encoding']).toBe('chunked')
    const lines = streamed.text.split('\n')
    expect([lines.length, lines[0], lines.at(-2)]).toEqual([8_000_001, '0\t0', '7999999\t7999999'])
    expect(code(await front.ask({ body: `${query} FORMAT JSON` }))).toBe('396')
    const broken = front.ask({
      body: 'SELECT number, toString(number), throwIf(number = 7900000) FROM numbers(8000000)',
    })
    await expect(broken.then((reply) => reply.status)).rejects.toThrow(/aborted|hang up/)
  }, 60_000)
  it('a reader who hangs up ends the query', async () => {
    const socket = connect(front.port, '127.0.0.1')
    const auth = Buffer.from(`${WRITER.user}:${WRITER.password}`).toString('base64')
    const sql = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1'
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${auth}\r\nContent-Length: ${sql.length}\r\n\r\n${sql}`,
    )
    const running = (): Promise<string> =>
      front.sql(
        "SELECT count() FROM system.processes WHERE query LIKE '%100000000000%' AND query NOT LIKE '%processes%'",
      )
    while ((await running()) !== '1\n') await new Promise((resolve) => setTimeout(resolve, 20))
    socket.destroy()
    const deadline = Date.now() + 5_000
    while ((await running()) !== '0\n' && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await running()).toBe('0\n')
  })
  it('a query over its time ends with 159', async () => {
    const reply = await front.ask({
      body: 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1',
      params: { max_execution_time: '1' },
    })
    expect([reply.status, code(reply)]).toEqual([408, '159'])
  })
})

describe('inserts are read back', () => {
  const ROWS = [
    [1, 'নিকাশ "quoted"\n', '1234567890123456789012345678901234.5678'],
    [2, '', '-0.0001'],
    [18446744073709551615n, 'tab\t; -- x', '0'],
  ] as const
  const json = ROWS.map(
    ([id, note, amount]) => `{"id":${id},"note":${JSON.stringify(note)},"amount":"${amount}"}\n`,
  ).join('')
  const EXPECTED = [
    `[1, ${JSON.stringify(ROWS[0][1])}, 1234567890123456789012345678901234.5678]`,
    '[2, "", -0.0001]',
    '[18446744073709551615, "tab\\t; -- x", 0]',
    '',
  ].join('\n')

  it.each([
    ['in the body after the query', { body: `INSERT INTO work.rows FORMAT JSONEachRow\n${json}` }],
    [
      'in the body, the query in the URL',
      { params: { query: 'INSERT INTO work.rows FORMAT JSONEachRow' }, body: json },
    ],
    [
      'with columns, a database and settings',
      {
        params: {
          query:
            'INSERT INTO rows (id, note, amount) SETTINGS max_insert_block_size = 1000 FORMAT JSONEachRow',
          database: 'work',
          input_format_skip_unknown_fields: '1',
        },
        body: json,
      },
    ],
    [
      'with a comment and odd blanks',
      { body: `/* a ' b */ insert  into work.rows -- c\n FORMAT\tJSONEachRow \r\n${json}` },
    ],
    [
      'in many small chunks',
      {
        params: { query: 'INSERT INTO work.rows FORMAT JSONEachRow' },
        body: [...Buffer.from(json)].map((byte) => Buffer.from([byte])),
      },
    ],
    [
      'query and data in many small chunks',
      {
        body: [...Buffer.from(`INSERT INTO work.rows FORMAT JSONEachRow\n${json}`)].map((byte) =>
          Buffer.from([byte]),
        ),
      },
    ],
  ])('%s', async (_, ask) => {
    await emptied()
    const reply = await front.ask(ask)
    expect([reply.status, reply.text]).toEqual([200, ''])
    expect(JSON.parse(String(reply.headers['x-clickhouse-summary']))).toMatchObject({ written_rows: '3' })
    expect((await stored()).replaceAll(', ', ',')).toBe(EXPECTED.replaceAll(', ', ','))
  })

  it.each([
    'Native',
    'RowBinary',
    'RowBinaryWithNames',
    'RowBinaryWithNamesAndTypes',
    'JSONEachRow',
    'JSONCompactEachRow',
    'JSON',
    'CSV',
    'CSVWithNames',
    'TabSeparated',
    'TSVWithNamesAndTypes',
    'Values',
    'Parquet',
    'ArrowStream',
    'Avro',
    'MsgPack',
    'ORC',
  ])('%s, as the server itself wrote it', async (format) => {
    await front.sql(
      'CREATE OR REPLACE TABLE work.source (id UInt64, note String, amount Decimal(38, 4)) ENGINE = MergeTree ORDER BY id',
    )
    await front.sql(
      "INSERT INTO work.source SELECT number * 10, concat('n\\n\\0 ', toString(number), unhex('0a20')), number / 7 FROM numbers(3000)",
    )
    const written = await front.ask({ body: `SELECT * FROM work.source ORDER BY id FORMAT ${format}` })
    expect(written.status).toBe(200)
    await front.sql('CREATE OR REPLACE TABLE work.target AS work.source')
    const reply = await front.ask({
      params: { query: `INSERT INTO work.target FORMAT ${format}` },
      body: written.body,
    })
    expect([format, reply.status, reply.text]).toEqual([format, 200, ''])
    const sum = 'SELECT count(), sum(cityHash64(*)) FROM work'
    expect(await front.sql(`${sum}.target`)).toBe(await front.sql(`${sum}.source`))
  })

  const packers: readonly (readonly [string, (bytes: Buffer) => Buffer | Promise<Buffer>])[] = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['lz4', (bytes) => compressFrame(bytes)],
  ]
  it.each(packers)('packed with %s, and cut off they write nothing', async (encoding, pack) => {
    await emptied()
    const lines = Array.from({ length: 5_000 }, (_, id) => `${id},"n${id}",${id}\n`).join('')
    const packed = await pack(Buffer.from(lines))
    const ask = {
      params: { query: 'INSERT INTO work.rows FORMAT CSV' },
      headers: { 'content-encoding': encoding },
    }
    expect((await front.ask({ ...ask, body: packed })).status).toBe(200)
    expect(await front.sql('SELECT count(), sum(id), sum(amount) FROM work.rows')).toBe(
      '5000\t12497500\t12497500\n',
    )
    await emptied()
    const cut = await front.ask({ ...ask, body: packed.subarray(0, packed.length - 9) })
    expect([encoding, cut.status, code(cut)]).toEqual([encoding, 400, '271'])
    expect(await front.sql('SELECT count() FROM work.rows')).toBe('0\n')
  })
  it('packed in an encoding nobody knows are refused', async () => {
    for (const encoding of ['snappy', 'xz', 'gzip, gzip', 'toString']) {
      const reply = await front.ask({
        params: { query: 'INSERT INTO work.rows FORMAT CSV' },
        headers: { 'content-encoding': encoding },
        body: '1,"x",1\n',
      })
      expect([encoding, reply.status, code(reply)]).toEqual([encoding, 415, '89'])
    }
  })
  it('whose connection broke on the way write nothing', async () => {
    await emptied()
    const socket = connect(front.port, '127.0.0.1')
    const auth = Buffer.from(`${WRITER.user}:${WRITER.password}`).toString('base64')
    socket.write(
      `POST /?query=INSERT+INTO+work.rows+FORMAT+CSV HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${auth}\r\nContent-Length: 1000\r\n\r\n1,"x",1\n`,
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await front.sql('SELECT count() FROM work.rows')).toBe('0\n')
    expect(readdirSync(join(front.dataDir, 'uploads'))).toEqual([])
  })
  it('by VALUES, small and large, and by SELECT', async () => {
    await emptied()
    await front.sql("INSERT INTO work.rows VALUES (1, 'a;b', 1.5), (2, 'it''s', 2)")
    await front.sql('INSERT INTO work.rows (id, note) VALUES ({id:UInt64}, {note:String})', {
      param_id: '3',
      param_note: 'bound',
    })
    expect(await stored()).toBe('[1, "a;b", 1.5]\n[2, "it\'s", 2]\n[3, "bound", 0]\n')
    await emptied()
    const many = Array.from({ length: 60_000 }, (_, id) => `(${id}, 'note number ${id}', ${id})`).join(',')
    const reply = await front.ask({ body: `INSERT INTO work.rows VALUES ${many}` })
    expect([reply.status, reply.text]).toEqual([200, ''])
    expect(await front.sql('SELECT count(), sum(id), max(note) FROM work.rows')).toBe(
      '60000\t1799970000\tnote number 9999\n',
    )
    const selected = await front.ask({
      body: 'INSERT INTO work.rows SELECT id + 100000, note, amount FROM work.rows',
    })
    expect(JSON.parse(String(selected.headers['x-clickhouse-summary']))).toMatchObject({
      written_rows: '60000',
    })
  })
  it('through input()', async () => {
    await emptied()
    const query =
      "INSERT INTO work.rows SELECT a + 1, upper(b), 7 FROM input('a UInt64, b String') FORMAT CSV"
    expect((await front.ask({ params: { query }, body: '1,"x"\n2,"y"\n' })).text).toBe('')
    expect(await stored()).toBe('[2, "X", 7]\n[3, "Y", 7]\n')
  })
  it('that write nothing from data are errors; without data they are not', async () => {
    await emptied()
    const query = 'INSERT INTO work.rows FORMAT JSONEachRow'
    expect((await front.ask({ params: { query } })).status).toBe(200)
    expect((await front.ask({ params: { query }, body: '\n \n' })).status).toBe(200)
    for (const [format, body] of [
      ['CSVWithNames', '"id","note"\n'],
      ['Native', Buffer.from([0, 0])],
    ] as const) {
      const reply = await front.ask({ params: { query: `INSERT INTO work.rows FORMAT ${format}` }, body })
      expect([format, code(reply)]).toEqual([format, '108'])
    }
  })
  it('with a bad row write nothing and name the row', async () => {
    await emptied()
    const body = '{"id":1,"note":"a"}\n{"id":"x"}\n'
    const reply = await front.ask({ params: { query: 'INSERT INTO work.rows FORMAT JSONEachRow' }, body })
    expect([reply.status, code(reply)]).toEqual([400, '27'])
    expect(reply.text).toContain('row 2')
    expect(await front.sql('SELECT count() FROM work.rows')).toBe('0\n')
  })
  it('leave no file behind', () => {
    expect(readdirSync(join(front.dataDir, 'uploads'))).toEqual([])
  })
})

describe('sessions', () => {
  it('keep temporary tables and settings, and belong to their user', async () => {
    const session = { session_id: 'one' }
    await front.sql('CREATE TEMPORARY TABLE kept (a Int8)', session)
    await front.sql('INSERT INTO kept VALUES (5)', session)
    await front.sql('SET max_block_size = 77', session)
    expect(await front.sql('SELECT a FROM kept', session)).toBe('5\n')
    const size = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    expect(await front.sql(size, session)).toBe('77\n')
    expect(await front.sql(size, { ...session, max_block_size: '5' })).toBe('5\n')
    expect(await front.sql(size, session)).toBe('77\n')
    expect(code(await front.ask({ body: 'SELECT a FROM kept' }))).toBe('60')
    expect(code(await front.ask({ body: 'SELECT a FROM kept', params: { session_id: 'two' } }))).toBe('60')
    expect(
      code(await front.ask({ body: 'SELECT 1', params: { session_id: 'three', session_check: '1' } })),
    ).toBe('372')
    await front.sql('SELECT 1', { ...session, close_session: '1' })
    expect(code(await front.ask({ body: 'SELECT a FROM kept', params: session }))).toBe('60')
  })
  it('serve one request at a time', async () => {
    const params = { session_id: 'busy' }
    const slow = front.ask({ body: 'SELECT sleep(1)', params })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(code(await front.ask({ body: 'SELECT 1', params }))).toBe('373')
    expect((await slow).status).toBe(200)
    expect(await front.sql('SELECT 1', params)).toBe('1\n')
  })
  it('a token of one insert does not stick to the next', async () => {
    await front.sql(
      'CREATE OR REPLACE TABLE work.tokens (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
    )
    const session = { session_id: 'tokens' }
    for (let id = 0; id < 2; id += 1) {
      await front.sql(`INSERT INTO work.tokens VALUES (${id})`, {
        ...session,
        insert_deduplication_token: 'same',
      })
    }
    expect(await front.sql('SELECT count() FROM work.tokens', session)).toBe('1\n')
    await front.sql('INSERT INTO work.tokens VALUES (3)', session)
    await front.sql('INSERT INTO work.tokens VALUES (4)', session)
    expect(
      await front.sql('SELECT groupArray(id) FROM (SELECT id FROM work.tokens ORDER BY id)', session),
    ).toBe('[0,3,4]\n')
  })
})

describe('many at once', () => {
  it('reads run beside each other and beside a slow one', async () => {
    const slow = Array.from({ length: 3 }, () => front.sql('SELECT sleep(1.5)'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const started = Date.now()
    await front.sql('SELECT 1')
    expect(Date.now() - started).toBeLessThan(1_000)
    const parallel = Date.now()
    await Promise.all(slow)
    expect(Date.now() - parallel).toBeLessThan(3_000)
  })
  it('inserts and reads by many clients lose nothing', async () => {
    await emptied()
    await Promise.all(
      Array.from({ length: 40 }, async (_, writer) => {
        await front.ask({
          params: { query: 'INSERT INTO work.rows FORMAT CSV' },
          body: `${writer},"w",1\n${writer + 1000},"w",1\n`,
        })
        await front.sql('SELECT count() FROM work.rows')
      }),
    )
    expect(await front.sql('SELECT count(), uniqExact(id), sum(amount) FROM work.rows')).toBe('80\t80\t80\n')
  })
})
