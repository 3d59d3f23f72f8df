/** The same questions without the API: what it asks of the stores, sent to them by the same clients. */
import { Redis } from 'ioredis'
import { agingCreditsSql, agingItemsSql } from '../../../api/reads/aging.ts'
import { RECEIVABLES } from '../../../api/reads/aging-sides.ts'
import { openClickHouse } from '../../../api/reads/clickhouse.ts'
import { keysOf, TOTAL_FIELD } from '../../../sinks/redis/contract.ts'
import {
  type CashLineRow,
  cashLinesSql,
  type StatementSumsRow,
  statementSumsSql,
} from '../../../sinks/clickhouse/statements/contract.ts'
import type { LiveQuestion, PastQuestion } from './questions.ts'
import type { Stores } from './write.ts'

const CASH = '1110'
const SALES = '4010'

export interface Straight {
  /** Throws when nothing is there. */
  live(question: LiveQuestion): Promise<void>
  /** In poisha, as the question says it. */
  past(question: PastQuestion): Promise<number>
  close(): Promise<void>
}

const poisha = (decimal: string): number => Math.round(Number(decimal) * 100)

export function openStraight(stores: Stores): Straight {
  const redis = new Redis(stores.redisUrl)
  const clickhouse = openClickHouse({
    url: stores.clickhouseUrl,
    username: stores.clickhouseUser,
    password: stores.clickhousePassword,
    onQuery: () => undefined,
  })
  const ask = <Row>(sql: string, params: Record<string, string | string[]>) =>
    clickhouse.rows<Row>({ name: 'bench', sql, params })
  interface Summed {
    readonly base: string
  }
  const aging = async ({ tenant, asOf }: PastQuestion) => {
    const [items, credits] = await Promise.all([
      ask<Summed>(agingItemsSql(RECEIVABLES, 'none', 'now'), { tenant, asOf }),
      ask<Summed>(agingCreditsSql(RECEIVABLES, 'none', 'now'), { tenant, asOf }),
    ])
    const sum = (rows: readonly Summed[]) => rows.reduce((all, { base }) => all + poisha(base), 0)
    return sum(items) - sum(credits)
  }
  return {
    async live({ tenant, kind }) {
      const keys = keysOf(tenant)
      const multi = redis.multi().get(keys.sync)
      const replies = await (kind === 'kpis'
        ? multi.hgetall(keys.kpi('30d'))
        : multi.hget(keys.aging, TOTAL_FIELD)
      ).exec()
      if (!replies?.[0]?.[1] || !replies[1]?.[1]) throw new Error('nothing is there')
    },
    async past(question) {
      const { tenant, kind, from, asOf } = question
      if (kind === 'aging') return aging(question)
      const sums = await ask<StatementSumsRow>(statementSumsSql, { tenant, from, asOf })
      const of = (id: string) => sums.find(({ account_id }) => account_id === id)
      if (kind === 'cash-flow') {
        await ask<CashLineRow>(cashLinesSql, { tenant, from, asOf, cash: [CASH] })
        return poisha(of(CASH)?.moved ?? '0')
      }
      const { opening = '0', moved = '0' } = of(SALES) ?? {}
      return kind === 'balance-sheet' ? poisha(opening) + poisha(moved) : poisha(moved)
    },
    async close() {
      redis.disconnect()
      await clickhouse.close()
    },
  }
}
