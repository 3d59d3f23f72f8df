/**
 * Lays a shadow table beside the live one by the records that their rows come from. Owns counting; refuses to judge.
 */
import type { Store } from '../client.ts'
import type { TenantTable } from '../contract.ts'
import { LIVE, SHADOW, type TableOfRoad } from './roads.ts'

export interface Compared {
  readonly table: TenantTable
  /** Rows that readers see now, and rows that they see after the switch. */
  readonly before: number
  readonly after: number
  /** Rows of records that the live table lacks. */
  readonly missing: number
  /** Rows of the live table that are there twice. */
  readonly doubled: number
  /** Rows of the live table whose records the log does not have, or that do not count. */
  readonly unknown: number
  /** Rows that are twice in the shadow: a fault of the rebuild. */
  readonly faults: number
}

interface Counts {
  readonly n: number
  readonly u: number
}

export async function compareRoad(
  store: Store,
  of: TableOfRoad,
  { from, to }: { readonly from: number; readonly to?: number },
): Promise<Compared> {
  const { table, offset, part } = of
  const span = `${offset} >= ${from}${to === undefined ? '' : ` AND ${offset} < ${to}`}`
  const rows = `${of.rows} AND ${span}`
  const place = `(${offset}, ${part})`
  const counts = async (database: string): Promise<Counts> => {
    const sql = `SELECT count() AS n, uniqExact(${place}) AS u FROM ${database}.${table} WHERE ${rows}`
    return (await store.query<Counts>(sql))[0] ?? { n: 0, u: 0 }
  }
  const absent = async (here: string, there: string): Promise<number> => {
    const sql = `SELECT count() AS n, 0 AS u FROM ${here}.${table}
WHERE ${rows} AND ${place} NOT IN (SELECT ${place} FROM ${there}.${table} WHERE ${rows})`
    return (await store.query<Counts>(sql))[0]?.n ?? 0
  }
  const [live, shadow, missing, unknown] = await Promise.all([
    counts(LIVE),
    counts(SHADOW),
    absent(SHADOW, LIVE),
    absent(LIVE, SHADOW),
  ])
  return {
    table,
    before: live.n,
    after: shadow.n,
    missing,
    doubled: live.n - live.u,
    unknown,
    faults: shadow.n - shadow.u,
  }
}

/** Newest offset that the live table has by a road; -1 = none. */
export async function newestOf(store: Store, of: TableOfRoad): Promise<number> {
  const sql = `SELECT max(${of.offset}) AS n, count() AS u FROM ${LIVE}.${of.table} WHERE ${of.rows}`
  const [found] = await store.query<Counts>(sql)
  return found === undefined || found.u === 0 ? -1 : found.n
}

/** By table. */
export function summed(all: readonly Compared[]): Compared[] {
  const by = new Map<TenantTable, Compared>()
  for (const one of all) {
    const sum = by.get(one.table)
    by.set(
      one.table,
      sum === undefined
        ? one
        : {
            table: one.table,
            before: sum.before + one.before,
            after: sum.after + one.after,
            missing: sum.missing + one.missing,
            doubled: sum.doubled + one.doubled,
            unknown: sum.unknown + one.unknown,
            faults: sum.faults + one.faults,
          },
    )
  }
  return [...by.values()]
}
