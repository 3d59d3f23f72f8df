/**
 * The tables that a rebuild fills beside the live ones, and how far it is. All of it is in one database of its own, which
 * no analyst may read and which is dropped at the end; nothing of a rebuild is kept anywhere else.
 * S1: a database without marks is half made: it is dropped. S2: a mark is the UUID of a shadow table, and an exchange moves
 * the UUID under the live name: so it is always known which tables were switched, and none is switched back. S3: a range is
 * announced before it is written, so a range whose fate is unknown is redone as it was.
 */
import { type Row, type Store } from '../client.ts'
import { TENANT_TABLES, type TenantTable } from '../contract.ts'
import { LIVE, roadKey, type Road, SHADOW } from './roads.ts'

export interface Range {
  readonly first: number
  readonly last: number
}

export interface ShadowState {
  /** Tables that are still to be switched, in that order. */
  readonly left: readonly TenantTable[]
  /** Newest announced range by road. */
  readonly announced: ReadonlyMap<string, Range>
}

/** Rows that the log no longer has: they are taken over from the live table. */
export interface Carry {
  readonly table: TenantTable
  readonly rows: string
}

interface TableRow {
  readonly database: string
  readonly name: string
  readonly uuid: string
  readonly text: string
}

const MARKS = `CREATE TABLE ${SHADOW}.marks
(
    name String COMMENT 'Table that is made anew',
    uuid String COMMENT 'Which table takes its place'
)
ENGINE = MergeTree ORDER BY name
SETTINGS non_replicated_deduplication_window = 100
COMMENT 'The tables of a rebuild that is under way (nikash rebuild clickhouse).'`

const PLACES = `CREATE TABLE ${SHADOW}.places
(
    topic String COMMENT 'Topic that is read',
    partition UInt16 COMMENT 'Its partition',
    first UInt64 COMMENT 'First offset of a range that was announced',
    last UInt64 COMMENT 'Last offset of it'
)
ENGINE = MergeTree ORDER BY (topic, partition, first)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'How far a rebuild that is under way is (nikash rebuild clickhouse).'`

export class Shadow {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** The rebuild that was broken off; undefined when there is none to go on with (S1). */
  async unfinished(): Promise<ShadowState | undefined> {
    const tables = await this.#tables()
    if (!tables.some(({ database, name }) => database === SHADOW && name === 'marks')) return undefined
    const marks = await this.#store.query<{ readonly name: string; readonly uuid: string }>(
      `SELECT name, uuid FROM ${SHADOW}.marks`,
    )
    if (marks.length === 0) return undefined
    const left: TenantTable[] = []
    for (const table of TENANT_TABLES) {
      const marked = marks.find(({ name }) => name === table)?.uuid
      const live = tables.find(({ database, name }) => database === LIVE && name === table)
      const shadow = tables.find(({ database, name }) => database === SHADOW && name === table)
      if (live !== undefined && live.uuid === marked) continue
      // The schema has moved on since: what was filled has another form.
      if (shadow === undefined || shadow.uuid !== marked || live?.text !== shadow.text) return undefined
      left.push(table)
    }
    const places = await this.#store.query<{ topic: string; partition: number; first: number; last: number }>(
      `SELECT topic, partition, max(first) AS first, argMax(last, tuple(places.first, places.last)) AS last
FROM ${SHADOW}.places GROUP BY topic, partition`,
    )
    return {
      left,
      announced: new Map(places.map((place) => [roadKey(place), { first: place.first, last: place.last }])),
    }
  }

  /** Empty tables of the form that the live ones have, what the log has no more, and last of all the marks (S1). */
  async begin(carries: readonly Carry[]): Promise<ShadowState> {
    await this.drop()
    const store = this.#store
    await store.command(`CREATE DATABASE ${SHADOW} COMMENT 'Nikash: a rebuild under way'`)
    for (const table of TENANT_TABLES)
      await store.command(`CREATE TABLE ${SHADOW}.${table} AS ${LIVE}.${table}`)
    for (const { table, rows } of carries)
      await store.command(`INSERT INTO ${SHADOW}.${table} SELECT * FROM ${LIVE}.${table} WHERE ${rows}`)
    await store.command(PLACES)
    await store.command(MARKS)
    const made = (await this.#tables()).filter(({ database }) => database === SHADOW)
    const marks = TENANT_TABLES.map((name) => ({ name, uuid: made.find((one) => one.name === name)?.uuid }))
    await store.insert({ table: `${SHADOW}.marks`, rows: marks, token: 'marks' })
    return { left: TENANT_TABLES, announced: new Map() }
  }

  /** S3. */
  async announce({ topic, partition }: Road, { first, last }: Range): Promise<void> {
    const row: Row = { topic, partition, first, last }
    await this.#store.insert({
      table: `${SHADOW}.places`,
      rows: [row],
      token: `${topic}:${partition}:${first}-${last}`,
    })
  }

  /** S2. Readers see the old table or the new one, never none. */
  async exchange(table: TenantTable): Promise<void> {
    const { left } = (await this.unfinished()) ?? { left: undefined }
    if (left === undefined) throw new Error(`the form of ${LIVE}.${table} changed while it was made anew`)
    if (left.includes(table))
      await this.#store.command(`EXCHANGE TABLES ${LIVE}.${table} AND ${SHADOW}.${table}`)
  }

  /** Broken off, what is left is no rebuild to go on with (a marked table is missing), or one of which all is switched. */
  async drop(): Promise<void> {
    await this.#store.command(`DROP DATABASE IF EXISTS ${SHADOW} SYNC`)
  }

  async #tables(): Promise<TableRow[]> {
    return this.#store.query<TableRow>(`
SELECT database, name, toString(uuid) AS uuid,
  replaceOne(create_table_query, concat(database, '.', name), name) AS text
FROM system.tables WHERE database IN ('${LIVE}', '${SHADOW}')`)
  }
}
