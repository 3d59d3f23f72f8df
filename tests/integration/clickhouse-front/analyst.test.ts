/**
 * What an analyst can't do. Two tenants; every answer that tenant a gets, errors included, is searched for the canary
 * of tenant b. Attacks that a naive filter falls to are listed with the reason.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { analystOf, type Reply, TestFront } from './front.ts'

const CANARY = 'canary-of-b'
const OUTFILE = join(tmpdir(), `nikash-outfile-${process.pid}`)
const SECRET_FILE = join(tmpdir(), `nikash-secret-${process.pid}`)
const front = new TestFront()

const DDL = [
  'CREATE DATABASE finance',
  'CREATE DATABASE other',
  `CREATE TABLE finance.fct (tenant_id LowCardinality(String), id UInt64, note String, amount Decimal(18,4))
   ENGINE = MergeTree ORDER BY (tenant_id, id)`,
  'CREATE TABLE finance._raw AS finance.fct ENGINE = MergeTree ORDER BY id',
  'CREATE TABLE finance.rates (currency String, rate Decimal(18,8)) ENGINE = MergeTree ORDER BY currency',
  `CREATE TABLE finance.lookup (id UInt64, note String) ENGINE = Join(ANY, LEFT, id)`,
  'CREATE TABLE other.secrets (tenant_id String, note String) ENGINE = MergeTree ORDER BY tenant_id',
  'CREATE TABLE default.stray (tenant_id String, note String) ENGINE = MergeTree ORDER BY tenant_id',
  `INSERT INTO finance.fct SELECT if(number % 2 = 0, 'a', 'b'), number, if(number % 2 = 0, 'of-a', '${CANARY}'), number
   FROM numbers(20000)`,
  'INSERT INTO finance._raw SELECT * FROM finance.fct',
  `INSERT INTO finance.lookup VALUES (1, '${CANARY}')`,
  `INSERT INTO other.secrets VALUES ('b', '${CANARY}'), ('a', 'of-a')`,
  `INSERT INTO default.stray VALUES ('b', '${CANARY}')`,
  `INSERT INTO finance.rates VALUES ('USD', 122.5)`,
  'CREATE VIEW finance.rpt_notes AS SELECT tenant_id, note, count() AS notes FROM finance._raw GROUP BY tenant_id, note',
  'CREATE VIEW finance.rpt_joined AS SELECT f.tenant_id AS tenant_id, s.note AS note, r.rate AS rate FROM finance.fct AS f, other.secrets AS s, finance.rates AS r WHERE f.id < 2',
  'CREATE VIEW finance.rpt_of_view AS SELECT tenant_id, sum(notes) AS notes FROM finance.rpt_notes GROUP BY tenant_id',
  'CREATE VIEW finance.rpt_mixed AS SELECT f.tenant_id AS tenant_id, any(r.note) AS note, uniqExact(r.note) AS notes FROM finance.fct AS f, finance._raw AS r WHERE f.id < 4 GROUP BY tenant_id',
  'CREATE VIEW finance.unowned AS SELECT note FROM finance.fct',
  `CREATE MATERIALIZED VIEW finance.fct_mv ENGINE = SummingMergeTree ORDER BY tenant_id POPULATE AS
   SELECT tenant_id, count() AS rows, sum(amount) AS amount FROM finance.fct GROUP BY tenant_id`,
  `CREATE FUNCTION peek AS (x) -> file(x)`,
  `CREATE DICTIONARY finance.dict (id UInt64, note String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'fct' DB 'finance')) LAYOUT(FLAT()) LIFETIME(0)`,
]

const all: Reply[] = []
const ask = async (sql: string, params: Readonly<Record<string, string>> = {}): Promise<Reply> => {
  const reply = await front.analyst('a', sql, params)
  all.push(reply)
  return reply
}
const rows = async (sql: string): Promise<string> => {
  const reply = await ask(sql)
  if (reply.status !== 200) throw new Error(`${sql}: ${reply.text}`)
  return reply.text.trimEnd()
}

beforeAll(async () => {
  writeFileSync(SECRET_FILE, `${CANARY}\n`)
  await front.start()
  for (const statement of DDL) await front.sql(statement)
}, 120_000)

afterAll(async () => {
  await front.remove()
})

describe('an analyst reads the rows of one tenant', () => {
  const FINE: readonly (readonly [string, string])[] = [
    ['SELECT DISTINCT tenant_id FROM finance.fct', 'a'],
    ['SELECT count() FROM fct', '10000'],
    [
      'select COUNT(*), Sum(amount) from FCT_alias as FCT_alias, (select 1) x'.replace(
        /FCT_alias as FCT_alias/,
        'fct',
      ),
      '10000\t99990000',
    ],
    ['SELECT count(), min(tenant_id), max(tenant_id), max(id) FROM finance.fct', '10000\ta\ta\t19998'],
    ['SELECT tenant_id, count() FROM finance.fct AS other GROUP BY ALL', 'a\t10000'],
    ['SELECT tenant_id, rows FROM finance.fct_mv', 'a\t10000'],
    ['SELECT tenant_id, note, notes FROM finance.rpt_notes', 'a\tof-a\t10000'],
    ['SELECT tenant_id, note FROM finance.rpt_joined', 'a\tof-a'],
    ['SELECT * FROM finance.rpt_mixed', 'a\tof-a\t1'],
    ['SELECT * FROM finance.rpt_of_view', 'a\t10000'],
    ["SELECT 'b' IN (SELECT tenant_id FROM finance.fct)", '0'],
    [`SELECT ('b', 1, '${CANARY}', 1) IN finance.fct`.replace(CANARY, 'x'), '0'],
    ['WITH c AS (SELECT * FROM fct WHERE id < 4) SELECT count() FROM c JOIN finance.fct AS f USING id', '2'],
    [
      'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT sum(n) FROM r',
      '6',
    ],
    ['SELECT count() FROM (SELECT id FROM fct UNION ALL SELECT id FROM finance.fct)', '20000'],
    ["SELECT countIf(tenant_id = 'b'), uniqExact(tenant_id), quantile(0.5)(amount) > 0 FROM fct", '0\t1\t1'],
    ["SELECT a.id FROM fct AS a LEFT JOIN fct AS b ON b.tenant_id = 'b' WHERE b.tenant_id = 'b'", ''],
    ['SELECT sum(number) FROM numbers(10)', '45'],
    ['SELECT row_number() OVER (ORDER BY id) FROM fct ORDER BY id LIMIT 1', '1'],
    [
      "SELECT toStartOfMonth(toDate('2026-11-23')), dateDiff('day', toDate('2026-01-01'), toDate('2026-01-31')), INTERVAL 1 DAY + toDate('2026-01-01')",
      '2026-11-01\t30\t2026-01-02',
    ],
    [
      'SELECT arrayMap(x -> x + 1, [1, 2]), CAST(1 AS String), CASE WHEN 1 THEN 2 ELSE 3 END, 1::Decimal(18,4)',
      '[2,3]\t1\t2\t1',
    ],
    ['SELECT 1 FORMAT CSV', '1'],
    ['SELECT 1;', '1'],
    ['/* leading */ -- comment\nSELECT 1 -- trailing', '1'],
    ['EXISTS TABLE finance.fct', '1'],
    ["SELECT value FROM system.settings WHERE name = 'readonly'", '1'],
    [
      "SELECT name FROM system.databases WHERE name NOT LIKE '%schema%' AND name NOT LIKE '%SCHEMA%' ORDER BY name",
      'finance\nsystem',
    ],
    [
      "SELECT count() FROM information_schema.tables WHERE table_schema = 'finance' AND table_name = 'fct'",
      '1',
    ],
  ]
  it.each(FINE)('%s', async (sql, expected) => {
    expect(await rows(sql)).toBe(expected)
  })

  it('sees the tables of finance in SHOW, DESCRIBE and system.tables, and no internal ones', async () => {
    const shown = (await rows('SHOW TABLES FROM finance')).split('\n')
    expect(shown).toContain('fct')
    expect(shown.filter((name) => !/^[A-Za-z]/.test(name))).toEqual([])
    expect(
      (await rows("SELECT name FROM system.tables WHERE database = 'finance'")).split('\n').sort(),
    ).toEqual(shown.sort())
    expect(await rows("SELECT count() FROM system.tables WHERE database IN ('other', 'default')")).toBe('0')
    expect(await rows("SELECT count() FROM system.columns WHERE table IN ('secrets', '_raw', 'stray')")).toBe(
      '0',
    )
    expect(await rows('DESCRIBE TABLE finance.fct')).toContain('tenant_id\tLowCardinality(String)')
    expect(await rows('SHOW CREATE TABLE finance.fct')).toContain('CREATE TABLE finance.fct')
  })

  it('may explain a query', async () => {
    expect(await rows('EXPLAIN SELECT * FROM finance.fct')).toContain('additional filter')
    expect(await rows('EXPLAIN SYNTAX SELECT 1')).toContain('SELECT 1')
  })

  it('gets parameters bound, and a filter can not be broken out of by one', async () => {
    const reply = await ask('SELECT count() FROM fct WHERE tenant_id = {t:String}', {
      param_t: "b' OR '1'='1",
    })
    expect(reply.text).toBe('0\n')
    const named = await ask('SELECT count() FROM {t:Identifier}', { param_t: 'secrets' })
    expect(named.status).toBeGreaterThanOrEqual(400)
    const system = await ask('SELECT count() FROM {d:Identifier}.{t:Identifier}', {
      param_d: 'system',
      param_t: 'processes',
    })
    expect(system.headers['x-clickhouse-exception-code']).toBe('497')
    const own = await ask('SELECT count() FROM {d:Identifier}.{t:Identifier}', {
      param_d: 'finance',
      param_t: 'fct',
    })
    expect(own.text).toBe('10000\n')
  })

  it('sees a table that was made a moment ago, filtered', async () => {
    await front.sql('CREATE TABLE finance.fresh AS finance.fct ENGINE = MergeTree ORDER BY id')
    await front.sql(`INSERT INTO finance.fresh SELECT * FROM finance.fct`)
    expect(await rows('SELECT DISTINCT tenant_id FROM finance.fresh')).toBe('a')
    await front.sql('DROP TABLE finance.fresh')
    expect((await ask('SELECT 1 FROM finance.fresh')).headers['x-clickhouse-exception-code']).toBe('60')
  })
})

describe('an analyst can not get out', () => {
  const DENIED: readonly (readonly [string, string])[] = [
    ['writes', "INSERT INTO finance.fct (tenant_id) VALUES ('a')"],
    ['writes by select', 'INSERT INTO finance.fct SELECT * FROM finance.fct'],
    ['drops', 'DROP TABLE finance.fct'],
    ['alters', "ALTER TABLE finance.fct UPDATE note = '' WHERE 1"],
    ['deletes', 'DELETE FROM finance.fct WHERE 1'],
    ['optimizes', 'OPTIMIZE TABLE finance.fct FINAL'],
    ['makes a temporary table', 'CREATE TEMPORARY TABLE x AS SELECT 1'],
    ['sets', 'SET readonly = 0'],
    ['uses', 'USE other'],
    ['kills', 'KILL QUERY WHERE 1'],
    ['stops the server', 'SYSTEM SHUTDOWN'],
    ['checks', 'CHECK TABLE finance.fct'],
    ['backs up', `BACKUP DATABASE finance TO File('${OUTFILE}')`],
    ['grants', 'GRANT ALL ON *.* TO default'],
    ['watches', 'WATCH finance.rpt_notes'],
    ['explains a write', 'EXPLAIN INSERT INTO finance.fct SELECT * FROM finance.fct'],
    ['attaches', "ATTACH TABLE finance.z FROM '/tmp' (a Int8) ENGINE = Memory"],
    ['two statements', 'SELECT 1; SELECT 2'],
    ['a second one after a comment', 'SELECT 1 /* ; */ ; DROP TABLE finance.fct'],
    ['in parallel', 'SELECT 1 PARALLEL WITH SELECT 2'],
    ['SETTINGS', 'SELECT count() FROM finance.fct SETTINGS additional_table_filters = {}'],
    [
      'SETTINGS in a subquery (the engine takes them with readonly=1)',
      'SELECT count() FROM (SELECT * FROM finance.fct SETTINGS additional_table_filters = {})',
    ],
    [
      'SETTINGS in WITH',
      'WITH c AS (SELECT * FROM finance.fct SETTINGS additional_table_filters = {}) SELECT note FROM c',
    ],
    [
      'SETTINGS in IN',
      'SELECT 1 WHERE 1 IN (SELECT id FROM finance.fct SETTINGS additional_table_filters = {})',
    ],
    [
      'SETTINGS after a comment in odd case',
      'SELECT note FROM (SELECT * FROM finance.fct /**/ sEtTiNgS/**/additional_table_filters={})',
    ],
    [
      'SETTINGS under EXPLAIN',
      'EXPLAIN SELECT * FROM (SELECT * FROM finance.fct SETTINGS additional_table_filters = {})',
    ],
    [
      'SETTINGS under DESCRIBE',
      'DESCRIBE (SELECT (SELECT any(note) FROM finance.fct SETTINGS additional_table_filters = {}))',
    ],
    [
      'SETTINGS in a scalar',
      'SELECT (SELECT max(note) FROM finance.fct SETTINGS additional_table_filters = {})',
    ],
    [
      'SETTINGS in UNION',
      'SELECT note FROM finance.fct UNION ALL (SELECT note FROM finance.fct SETTINGS additional_table_filters = {})',
    ],
    [
      'PREWHERE sees rows before the filter',
      "SELECT count() FROM finance.fct PREWHERE throwIf(note != 'of-a') = 0",
    ],
    ['PREWHERE by an error message', 'SELECT count() FROM finance.fct preWHERE toUInt8(note) = 1'],
    [
      'PREWHERE in a subquery under EXPLAIN',
      "EXPLAIN SELECT (SELECT count() FROM finance.fct PREWHERE toUInt8(if(tenant_id = 'a', '1', note)) = 9)",
    ],
    ['the merge table function', "SELECT note FROM merge('finance', '.*')"],
    ['merge of the current database', "SELECT note FROM merge('fct')"],
    ['merge in odd case and quotes', "SELECT note FROM `merge`(/* x */'finance', 'fct')"],
    [
      'merge in a nested subquery',
      "SELECT * FROM (SELECT * FROM (SELECT note FROM merge('finance', 'fct')))",
    ],
    ['remote', "SELECT note FROM remote('127.0.0.1', 'finance', 'fct')"],
    ['remote of a table', "SELECT note FROM remote('127.0.0.1', finance.fct)"],
    ['cluster', "SELECT note FROM cluster('default', finance.fct)"],
    ['loop', 'SELECT note FROM loop(finance.fct) LIMIT 10'],
    ['view', 'SELECT note FROM view(SELECT * FROM finance.fct)'],
    [
      'viewIfPermitted',
      "SELECT note FROM viewIfPermitted(SELECT * FROM finance.fct ELSE null('note String'))",
    ],
    ['mergeTreeIndex shows keys of all', "SELECT * FROM mergeTreeIndex('finance', 'fct')"],
    ['mergeTreeProjection', "SELECT * FROM mergeTreeProjection('finance', 'fct', 'p')"],
    ['dictionary', "SELECT * FROM dictionary('finance.dict')"],
    ['a dictionary as a table', 'SELECT * FROM finance.dict'],
    ['dictGet', "SELECT dictGet('finance.dict', 'note', toUInt64(1))"],
    ['joinGet reads without filters', "SELECT joinGet('finance.lookup', 'note', toUInt64(1))"],
    ['a Join table', 'SELECT * FROM finance.lookup'],
    [
      'a JOIN with a Join table',
      'SELECT l.note FROM finance.fct AS f ANY LEFT JOIN finance.lookup AS l ON f.id = l.id',
    ],
    ['file', `SELECT * FROM file('${SECRET_FILE}', 'LineAsString')`],
    ['file as a function (readonly=1 lets it)', `SELECT file('${SECRET_FILE}')`],
    [
      'file inside of APPLY (its tree hides it)',
      `SELECT * APPLY(x -> file('${SECRET_FILE}')) FROM numbers(1)`,
    ],
    [
      'file inside of APPLY, told by an error',
      `SELECT * APPLY(x -> toUInt8(file('${SECRET_FILE}'))) FROM numbers(1)`,
    ],
    ['file inside of REPLACE', `SELECT * REPLACE (file('${SECRET_FILE}') AS number) FROM numbers(1)`],
    ['file in LIMIT', `SELECT 1 LIMIT toUInt8(file('${SECRET_FILE}'))`],
    [
      'file in a window frame',
      `SELECT sum(number) OVER (ORDER BY number ROWS BETWEEN file('${SECRET_FILE}') PRECEDING AND CURRENT ROW) FROM numbers(1)`,
    ],
    [
      'file in a parameter of an aggregate',
      `SELECT quantile(file('${SECRET_FILE}'))(number) FROM numbers(1)`,
    ],
    ['file under DESCRIBE', `DESCRIBE (SELECT file('${SECRET_FILE}'))`],
    ['describes a table function', `DESCRIBE TABLE file('${SECRET_FILE}')`],
    ['file with a quoted name', `SELECT \`file\`('${SECRET_FILE}')`],
    ['file through a function somebody made', `SELECT peek('${SECRET_FILE}')`],
    ['a path as a table', `SELECT * FROM \`${SECRET_FILE}\``],
    ['a path as a string', `SELECT * FROM '${SECRET_FILE}'`],
    ['a path in another database', `SELECT * FROM default.\`${SECRET_FILE}\``],
    ['url', "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')"],
    ['s3', "SELECT * FROM s3('http://127.0.0.1:1/x', 'TSV', 'a String')"],
    ['mysql', "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')"],
    ['executable', "SELECT * FROM executable('id', 'TSV', 'a String')"],
    ['input', "SELECT * FROM input('a String')"],
    ['explain as a table', 'SELECT * FROM (EXPLAIN SELECT * FROM system.processes)'],
    [
      'explains a table override',
      "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'a', 'b', 'c', 'd') PARTITION BY a",
    ],
    ['estimates over all rows', 'EXPLAIN ESTIMATE SELECT * FROM finance.fct'],
    ['an internal table', 'SELECT note FROM finance._raw'],
    ['an internal table without database', 'SELECT note FROM _raw'],
    ['an internal table after IN', "SELECT ('b', 1, 'x', 1) IN _raw"],
    ['an internal table after IN, in full', "SELECT ('b', 1, 'x', 1) IN finance._raw"],
    ['the inner table of a materialized view', 'SELECT * FROM finance.`.inner.fct_mv`'],
    ['a table without a tenant', 'SELECT * FROM finance.rates'],
    ['a view without a tenant', 'SELECT note FROM finance.unowned'],
    ['another database', 'SELECT note FROM other.secrets'],
    ['another database in a subquery', 'SELECT (SELECT any(note) FROM other.secrets)'],
    ['another database after IN', `SELECT ('b', '${CANARY.slice(0, 3)}') IN other.secrets`],
    ['another database after IN under EXPLAIN', "EXPLAIN SELECT ('b', 'x') IN other.secrets"],
    ['another database after GLOBAL NOT IN', `SELECT ('b', 'x') GLOBAL NOT IN other.secrets`],
    ['the default database', 'SELECT note FROM default.stray'],
    ['queries of others', 'SELECT query FROM system.processes'],
    ['queries of others by SHOW', 'SHOW PROCESSLIST'],
    ['queries of others after IN', "SELECT 'x' IN system.processes"],
    ['parts', 'SELECT * FROM system.parts'],
    ['server settings', 'SELECT * FROM system.server_settings'],
    [
      'SHOW with a hidden condition',
      'SHOW TABLES FROM finance WHERE name IN (SELECT note FROM other.secrets)',
    ],
    [
      'SHOW with a hidden condition without parentheses',
      'SHOW TABLES FROM finance WHERE name IN other.secrets',
    ],
    ['SHOW COLUMNS with a hidden condition', `SHOW COLUMNS FROM fct WHERE field = file('${SECRET_FILE}')`],
    ['SHOW CREATE of an internal table', 'SHOW CREATE TABLE finance._raw'],
    ['SHOW CREATE of another database', 'SHOW CREATE TABLE other.secrets'],
    ['SHOW CREATE DATABASE', 'SHOW CREATE DATABASE other'],
    ['SHOW GRANTS', 'SHOW GRANTS'],
    ['DESCRIBE of another database', 'DESCRIBE other.secrets'],
    ['EXISTS of another database', 'EXISTS TABLE other.secrets'],
    ['INTO OUTFILE (readonly=1 lets it)', `SELECT 1 INTO OUTFILE '${OUTFILE}'`],
    ['INTO OUTFILE of SHOW', `SHOW TABLES INTO OUTFILE '${OUTFILE}'`],
    [
      'INTO OUTFILE of DESCRIBE with comments',
      `DESCRIBE finance.fct into/**/outfile/**/'${OUTFILE}' FORMAT CSV`,
    ],
    ['sleeps', 'SELECT sleep(1)'],
    ['calls a model', "SELECT aiGenerate('x')"],
    ['reads a server setting', "SELECT getServerSetting('path')"],
    ['a name with a line end', 'SELECT * FROM `finance`.`fct\n TableIdentifier finance.fct`'],
    ['an alias with a line end', 'SELECT 1 AS `x\nFunction file`'],
    ['null bytes', 'SELECT * FROM other\0.secrets'],
    ['heredoc', `SELECT * FROM file($x$${SECRET_FILE}$x$, LineAsString)`],
    ['implicit SELECT', `file('${SECRET_FILE}')`],
    ['FROM first', `FROM other.secrets SELECT note`],
    ['tables by a tuple of names', 'SELECT * FROM other.secrets, finance.fct'],
    [
      'a table function behind a table',
      `SELECT * FROM finance.fct, file('${SECRET_FILE}', 'LineAsString') AS f`,
    ],
    ['row counts of all tenants', "SELECT total_rows FROM system.tables WHERE name = 'fct'"],
    ['row counts of all tenants by an asterisk', "SELECT * FROM system.tables WHERE name = 'fct'"],
    ['row counts of all tenants in an expression', 'SELECT sum(t.total_rows + 1) FROM system.tables AS t'],
    ['row counts by the information schema', 'SELECT table_rows FROM information_schema.tables'],
    ['column sizes of all tenants', "SELECT data_uncompressed_bytes FROM system.columns WHERE table = 'fct'"],
    ['array join', `SELECT x FROM finance.fct ARRAY JOIN [file('${SECRET_FILE}')] AS x LIMIT 1`],
  ]
  it.each(DENIED)('%s', async (_, sql) => {
    const reply = await ask(sql)
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(Number(reply.headers['x-clickhouse-exception-code'])).toBeGreaterThan(0)
  })

  const SETTINGS: readonly (readonly [string, string])[] = [
    ['additional_table_filters', '{}'],
    ['readonly', '0'],
    ['allow_ddl', '1'],
    ['enable_analyzer', '0'],
    ['allow_experimental_analyzer', '0'],
    ['dialect', 'prql'],
    ['optimize_move_to_prewhere', '1'],
    ['query_plan_merge_filters', '1'],
    ['implicit_select', '1'],
    ['additional_result_filter', '1'],
    ['format_schema', '/etc/passwd'],
    ['output_format_schema', OUTFILE],
    ['format_template_row', '/etc/passwd'],
    ['profile', 'default'],
    ['sql_security_none', '1'],
  ]
  it.each(SETTINGS)('the setting %s of a URL is refused', async (name, value) => {
    const reply = await ask('SELECT DISTINCT tenant_id FROM finance.fct', { [name]: value })
    expect(reply.headers['x-clickhouse-exception-code']).toBe('164')
  })

  it('limits can be lowered and not raised', async () => {
    const effective = (params: Readonly<Record<string, string>>): Promise<Reply> =>
      ask("SELECT value FROM system.settings WHERE name = 'max_execution_time'", params)
    expect((await effective({ max_execution_time: '5' })).text).toBe('5\n')
    expect((await effective({ max_execution_time: '0' })).text).toBe('30\n')
    expect((await effective({ max_execution_time: '9999' })).text).toBe('30\n')
  })

  it('works in finance whatever database it names', async () => {
    expect((await ask('SELECT count() FROM fct', { database: 'default' })).text).toBe('10000\n')
    expect(
      (await ask('SELECT note FROM secrets', { database: 'other' })).headers['x-clickhouse-exception-code'],
    ).toBe('164')
    expect((await ask('SELECT note FROM secrets', { database: "finance` ; SELECT '" })).status).toBe(500)
  })

  it('has no session that could keep a setting, and no data beside the query', async () => {
    const params = { session_id: 's' }
    expect((await ask('SET readonly = 0', params)).headers['x-clickhouse-exception-code']).toBe('497')
    expect((await ask('SELECT DISTINCT tenant_id FROM fct', params)).text).toBe('a\n')
    const insert = await front.ask({
      ...analystOf('a'),
      params: { query: 'INSERT INTO finance.fct FORMAT CSV' },
      body: '"a",1,"x",1\n',
    })
    expect(insert.headers['x-clickhouse-exception-code']).toBe('164')
  })

  it('errors of conditions show only rows of the tenant', async () => {
    for (const condition of [
      'toUInt8(note) = 1',
      "toUInt8(if(tenant_id = 'a', '1', note)) = 9",
      "toDate(if(id % 2 = 1, note, '2026-01-01')) < '2020-01-01'",
      "(tenant_id = 'b') AND toUInt8(note) = 1",
      'toUInt64(tenant_id) = 1',
    ]) {
      await ask(`SELECT count() FROM finance.fct WHERE ${condition}`)
      await ask(`SELECT count() FROM finance.rpt_notes WHERE ${condition.replace(/\bid\b/g, 'notes')}`)
    }
  })

  it('passwords of another tenant, of nobody, and none at all are refused with 516', async () => {
    const b = analystOf('b')
    for (const given of [
      { user: 'analyst_a', password: b.password },
      { user: 'analyst_', password: b.password },
      { user: 'analyst_a', password: '' },
      { user: 'default', password: '' },
      { user: '', password: '' },
      { user: "analyst_a' OR '1'='1", password: 'x' },
    ]) {
      const reply = await front.ask({ ...given, body: 'SELECT 1' })
      expect([given.user, reply.headers['x-clickhouse-exception-code']]).toEqual([given.user, '516'])
      expect([401, 403]).toContain(reply.status)
    }
  })
})

describe('after all of this', () => {
  it('no answer had a byte of the other tenant', () => {
    expect(all.length).toBeGreaterThan(150)
    expect(all.filter((reply) => reply.text.includes(CANARY)).map((reply) => reply.text)).toEqual([])
    expect(all.filter((reply) => JSON.stringify(reply.headers).includes(CANARY))).toEqual([])
  })

  it('no file was written, and the data is whole', async () => {
    expect(existsSync(OUTFILE)).toBe(false)
    expect(await front.sql('SELECT count(), sum(amount) FROM finance.fct')).toBe('20000\t199990000\n')
    expect((await front.analyst('b', 'SELECT DISTINCT note FROM fct')).text).toBe(`${CANARY}\n`)
  })
})
