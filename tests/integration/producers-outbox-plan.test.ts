/** How the relay's session reads the outbox: by index, whatever the planner believes of the table. */
import { beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { READ, SESSION } from '../../producers/outbox/outbox.ts'
import { describeStack } from '../support/stack.ts'
import { prepareStore } from './producers-harness.ts'

describeStack('the relay reads', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
  beforeAll(() => prepareStore(stack))

  it('the outbox in the order of its positions, without looking at all of it', async () => {
    const client = new pg.Client({ connectionString: stack.databaseUrl })
    await client.connect()
    try {
      await client.query(SESSION)
      await client.query(`prepare read_outbox (int, bigint[], text[]) as ${READ}`)
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain execute read_outbox (250, '{1,2}', '{stuck}')`,
      )
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan).toContain('Index Scan using outbox_pkey')
      expect(plan).toContain('Index Scan using event_store_pkey')
      expect(plan).not.toMatch(/Seq Scan|Sort|Hash Join|Merge Join/)
    } finally {
      await client.end()
    }
  })
})
