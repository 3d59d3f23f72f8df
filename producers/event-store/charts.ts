/**
 * Owns reading a tenant's chart and its ledger's sums, and a bounded copy of charts between transactions.
 * C1: a transaction that posts holds the tenant's chart lock shared, one that changes chart, rules or closed days holds
 *     it alone (idempotency.ts takes it first of all): so a chart read under it is true until the commit.
 * C2: a copy is used only where the counter `chart`, read under the lock, says that nothing has changed since.
 */
import { LRUCache } from 'lru-cache'
import type pg from 'pg'
import { parseDecimal } from '../../schemas/values/amount.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import type { BalanceQuery } from '../kernel/operation.ts'
import type { AccountSums, StoredAggregate } from '../kernel/session.ts'
import { Chart } from '../ledger/chart.ts'
import { type AggregateRow, aggregatesOf } from './refold.ts'

const CHARTS_MAX = 1_000

export class Charts {
  readonly #kept = new LRUCache<string, Chart>({ max: CHARTS_MAX })

  /** The chart of this version; the caller holds the lock (C1). */
  async at(client: pg.PoolClient, tenant: string, version: number): Promise<Chart> {
    const kept = this.#kept.get(tenant)
    if (kept?.version === version) return kept
    const read = Chart.of(version, await readParts(client, tenant))
    this.#kept.set(tenant, read)
    return read
  }
}

const COLUMNS = 'aggregate_type, aggregate_id, version, state, state_version, created_digest'

async function readParts(client: pg.PoolClient, tenant: string): Promise<readonly StoredAggregate[]> {
  const { rows } = await client.query<AggregateRow>({
    name: 'read-chart',
    text: `select ${COLUMNS} from finance.aggregates
           where tenant_id = $1 and aggregate_type in ('account', 'posting-rules', 'ledger')
           union all
           select ${COLUMNS} from finance.aggregates
           where tenant_id = $1 and aggregate_type = 'journal-entry' and state->>'kind' = 'OPENING'`,
    values: [tenant],
  })
  return aggregatesOf(client, tenant, rows)
}

/** Movements per account; the caller holds the lock alone, so that no posting is under way (C1). */
export async function readSums(
  client: pg.PoolClient,
  tenant: string,
  { from, to }: BalanceQuery,
): Promise<readonly AccountSums[]> {
  const { rows } = await client.query<{ account: string; before: string; within: string; documents: string }>(
    {
      name: 'read-ledger-sums',
      text: `select account_id as account,
                  coalesce(sum(debit - credit) filter (where entry_date < $2::date), 0)::text as before,
                  coalesce(sum(debit - credit) filter (where entry_date >= $2::date), 0)::text as within,
                  count(*) filter (where kind = 'DOCUMENT') as documents
           from finance.journal_lines where tenant_id = $1 and entry_date <= $3::date group by account_id`,
      values: [tenant, formatDay(from), formatDay(to)],
    },
  )
  return rows.map((row) => ({
    accountId: row.account,
    before: parseDecimal(row.before),
    within: parseDecimal(row.within),
    documents: Number(row.documents),
  }))
}
