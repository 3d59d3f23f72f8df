/** One transaction over a connection that the test answers for. */
import { describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { CommittedAnyway, inTransaction } from '../../../../producers/event-store/database.ts'

/** Sends are written down at once; answers come later, in order, as in a pipeline. */
function fakePool(answers: Readonly<Record<string, Error | string>>) {
  const sent: string[] = []
  const released: unknown[] = []
  const query = async (text: string) => {
    sent.push(text.split(';')[0] ?? '')
    await new Promise((resolve) => setImmediate(resolve))
    const answer = answers[text.split(';')[0] ?? '']
    if (answer instanceof Error) throw answer
    return { rows: [], command: answer ?? text.toUpperCase() }
  }
  const client = { query, release: (broken: unknown) => released.push(broken) }
  return { pool: { connect: async () => client } as unknown as pg.Pool, sent, released }
}
const lost = Object.assign(new Error('duplicate key'), { code: '23505' })

describe('a transaction', () => {
  it('sends its statements and its commit without waiting in between', async () => {
    const { pool, sent, released } = fakePool({})
    const done = inTransaction(pool, 'acme', async (client, commit) => {
      const written = client.query('write')
      commit()
      expect(sent).toEqual(['begin', 'write', 'commit'])
      await written
      return 7
    })
    expect(await done).toBe(7)
    expect([sent, released]).toEqual([['begin', 'write', 'commit'], [undefined]])
  })

  it('fails with what failed first, and sends no rollback behind a commit that became one', async () => {
    const { pool, sent, released } = fakePool({ write: lost, commit: 'ROLLBACK' })
    const done = inTransaction(pool, 'acme', async (client, commit) => {
      const written = client.query('write')
      commit()
      await written
    })
    await expect(done).rejects.toBe(lost)
    expect([sent.includes('rollback'), released]).toEqual([false, [undefined]])
  })

  it('does not succeed when the store rolled it back, nor when it never began', async () => {
    const swallowed = fakePool({ write: lost, commit: 'ROLLBACK' })
    const quiet = inTransaction(swallowed.pool, 'acme', (client) =>
      client.query('write').catch(() => undefined),
    )
    await expect(quiet).rejects.toThrow(/rolled/)
    const unbegun = fakePool({ begin: lost })
    await expect(inTransaction(unbegun.pool, 'acme', async () => 7)).rejects.toBe(lost)
    expect(unbegun.sent).toEqual(['begin', 'rollback'])
  })

  it('says so when what failed came after the commit', async () => {
    const { pool } = fakePool({})
    const done = inTransaction(pool, 'acme', async (client, commit) => {
      const written = client.query('write')
      commit()
      await written
      throw new Error('a bug of ours')
    })
    await expect(done).rejects.toBeInstanceOf(CommittedAnyway)
  })
})
