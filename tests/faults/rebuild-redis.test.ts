/**
 * `nikash rebuild redis` on the running stack: values that were changed by one poisha and fields that were lost are mended
 * while the API and a reader of the keys look on all the time, with `kill -9` in the fill and in the switch.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { keysOf, parseFeedEntry, shadowKeysOf, TOTAL_FIELD } from '../../sinks/redis/contract.ts'
import { type Books, openBooks } from '../support/books.ts'
import { nikash } from '../support/cli.ts'
import { eventually, request } from '../support/http.ts'
import { describeStack, partOf } from '../support/stack.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

describeStack(
  'rebuilding Redis',
  ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'stateFile', 'redisUrl'],
  (stack) => {
    let books: Books
    let redis: Redis
    const reconcile = () => nikash(stack.stateFile, ['reconcile', '--tenant', books.tenant])
    /** What readers have of the tenant, stamps and all. */
    const content = async () => {
      const of = keysOf(books.tenant)
      const found: Record<string, Record<string, string>> = {}
      for (const key of [of.kpi('30d'), of.kpi('fy'), of.aging, of.payables, of.alerts])
        found[key] = await redis.hgetall(key)
      return found
    }
    const healthy = () =>
      eventually(
        'the sink runs again',
        async () => expect(partOf(stack.stateFile, 'sink-redis').status).toBe('healthy'),
        60_000,
      )

    const killedAt = (words: string): Promise<NodeJS.Signals | null> =>
      new Promise((resolve, reject) => {
        const main = path.join(ROOT, 'deploy/cli/main.ts')
        const args = [main, 'rebuild', 'redis', '--data', path.dirname(stack.stateFile)]
        const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } })
        let said = ''
        child.stderr.on('data', (text: Buffer) => {
          said += text.toString()
          if (said.includes(words)) child.kill('SIGKILL')
        })
        child.on('error', reject)
        child.on('exit', (code, signal) =>
          signal === null ? reject(new Error(`it ended with ${code}:\n${said}`)) : resolve(signal),
        )
      })

    beforeAll(async () => {
      redis = new Redis(stack.redisUrl)
      books = await openBooks(stack, { prefix: 'rere' })
      const paid = await books.invoice('1000.10')
      await books.payment('400.05', { allocations: [{ invoiceId: paid, amount: '300.00' }] })
      await eventually(
        'all stores agree',
        async () => expect((await reconcile()).stdout).toContain('figures agree'),
        120_000,
      )
    }, 180_000)
    afterAll(() => redis.disconnect())

    it('mends what was lost and changed, killed in the middle twice, while everybody reads', async () => {
      const whole = await content()
      const of = keysOf(books.tenant)
      const { aging, seq, feed, sync } = of
      const total = (await redis.hget(aging, TOTAL_FIELD)) ?? ''
      await redis.hset(aging, TOTAL_FIELD, total.replace('"total":"600.05"', '"total":"600.06"'))
      await redis.hdel(aging, 'customer:cust-1')
      await redis.hdel(of.kpi('30d'), 'netRevenue')
      expect(await content()).not.toEqual(whole)
      expect((await reconcile()).code).toBe(1)
      const [sequences, entries, mark] = [
        await redis.hgetall(seq),
        await redis.xlen(feed),
        await redis.get(sync),
      ]

      let going = true
      const looks = { keys: 0, api: 0 }
      const wrong: string[] = []
      const poll = async (who: keyof typeof looks, look: () => Promise<number>): Promise<void> => {
        for (let most = 0; going; looks[who]++) {
          const seen = await look().catch((error: unknown) => {
            wrong.push(`${who}: ${String(error)}`)
            return most
          })
          if (seen < most) wrong.push(`${who}: ${seen} after ${most}`)
          most = Math.max(most, seen)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      }
      const polling = [
        poll('keys', async () =>
          Object.values(await content()).reduce((sum, hash) => sum + Object.keys(hash).length, 0),
        ),
        poll('api', async () => {
          const { status, body } = await request<{ kpis: object }>(
            'GET',
            `${stack.apiUrl}/v1/kpis?window=30d`,
            {
              token: books.reader,
            },
          )
          if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
          return Object.keys(body.kpis).length
        }),
      ]
      expect(await killedAt('2 fill')).toBe('SIGKILL')
      expect(await killedAt('5 switch')).toBe('SIGKILL')
      await healthy()
      const ran = await nikash(stack.stateFile, ['rebuild', 'redis', '-o', 'json'], 240_000)
      expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('7 clean')])
      await healthy()
      going = false
      await Promise.all(polling)
      expect([wrong, Object.values(looks).every((n) => n > 5)]).toEqual([[], true])

      // What other tenants' days do moves log times at most; nothing of this tenant happened.
      expect(await content()).toEqual(whole)
      expect(await redis.get(sync)).toBe(mark)
      const after = await redis.hgetall(seq)
      expect(after['epoch']).toBe(sequences['epoch'])
      const newest = (await redis.xrange(feed, '-', '+'))
        .slice(entries)
        .map(([, fields]) => parseFeedEntry(fields))
      expect(newest.length).toBeGreaterThanOrEqual(3)
      expect(newest.every((entry) => JSON.stringify(entry?.data) === '{"reset":true}')).toBe(true)
      for (const channel of ['kpi', 'aging', 'alerts'])
        expect(newest.filter((entry) => entry?.channel === channel).map((entry) => entry?.seq)).toEqual(
          Array.from(
            { length: Number(after[channel] ?? 0) - Number(sequences[channel] ?? 0) },
            (_, i) => Number(sequences[channel] ?? 0) + i + 1,
          ),
        )
      const shadow = shadowKeysOf(books.tenant)
      expect(await redis.exists(shadow.aging, shadow.seq, shadow.feed, shadow.fence, 'n:anew:phase')).toBe(0)
      await eventually('all stores agree', async () => expect((await reconcile()).code).toBe(0), 60_000)
      // The sink goes on.
      await books.invoice('5.00')
      await eventually('what came since is there', async () =>
        expect(await redis.hget(aging, TOTAL_FIELD)).toContain('"total":"605.05"'),
      )
    }, 400_000)
  },
)
