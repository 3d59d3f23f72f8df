/**
 * The processors of the stack forget everything and fold the log anew: figures are the same afterwards, in the store for
 * now and in history, and reads are answered all the while. And a replay into a shadow finds nothing different.
 */
import { expect, it } from '@jest/globals'
import { nikash } from '../support/cli.ts'
import { type Aging, command, eventually, request } from '../support/http.ts'
import { describeStack, signToken } from '../support/stack.ts'

const TENANT = 'rebuilt'

describeStack(
  'rebuilding the processors',
  ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'stateFile'],
  (stack) => {
    let token = ''
    const read = async (path: string) => {
      const { status, body } = await request<Record<string, unknown>>('GET', `${stack.apiUrl}${path}`, {
        token,
      })
      // When it was computed is another question than what it says.
      const { watermark: _watermark, ...rest } = body
      return { status, rest }
    }
    const figures = () =>
      Promise.all(['/v1/receivables/aging', '/v1/kpis?window=30d', '/v1/kpis?window=fy'].map(read))

    it('leaves every figure as it was, loudly and quietly, while reads are answered', async () => {
      const operator = await signToken(stack.jwtAccessSecret, { tenant: TENANT, role: 'operator' })
      token = await signToken(stack.jwtAccessSecret, { tenant: TENANT })
      await request('POST', `${stack.commandsUrl}/v1/tenants`, {
        token: operator,
        body: { id: TENANT, name: 'Rebuilt' },
        headers: { 'idempotency-key': 'rebuild' },
      })
      await command(stack.commandsUrl, '/v1/expenses', token, {
        category: 'rent',
        netAmount: '1250.00',
        status: 'APPROVED',
      })
      await eventually('the tenant has figures', async () => {
        const { status } = await request<Aging>('GET', `${stack.apiUrl}/v1/kpis?window=30d`, { token })
        expect(status).toBe(200)
      })
      const before = await figures()
      for (const mode of [[], ['--quiet']]) {
        let [reads, failures, going] = [0, 0, true]
        const reading = (async () => {
          while (going) {
            const { status } = await read('/v1/kpis?window=30d')
            reads++
            if (status !== 200) failures++
            await new Promise((resolve) => setTimeout(resolve, 100))
          }
        })()
        const ran = await nikash(stack.stateFile, ['rebuild', 'processors', ...mode, '-o', 'json'], 240_000)
        going = false
        await reading
        expect([mode, ran.code, ran.stderr]).toEqual([mode, 0, expect.any(String)])
        const { partitions } = JSON.parse(ran.stdout) as { partitions: { epoch: number }[] }
        expect(partitions).toHaveLength(10)
        expect([failures, reads > 10]).toEqual([0, true])
        await eventually('the figures are the same', async () => expect(await figures()).toEqual(before))
      }
    }, 600_000)

    it('is not needed: a replay into a shadow comes to the same results and history', async () => {
      const ran = await nikash(stack.stateFile, ['replay', 'e2e', '-o', 'json'], 240_000)
      const report = JSON.parse(ran.stdout) as {
        equal: boolean
        topics: Record<string, { equal: number; differences: unknown[] }>
      }
      const differences = Object.values(report.topics).flatMap((topic) => topic.differences)
      expect([ran.code, report.equal, differences]).toEqual([0, true, []])
      expect(report.topics['finance.results.v1']?.equal).toBeGreaterThan(0)
      const dropped = await nikash(stack.stateFile, ['replay', 'e2e', '--drop', '-o', 'json'])
      expect((JSON.parse(dropped.stdout) as { dropped: string[] }).dropped).toContain(
        'finance.results.v1.shadow-e2e',
      )
    }, 300_000)

    it('is shown by describe: every task runs, in an epoch that is not the first', async () => {
      const { stdout } = await nikash(stack.stateFile, ['describe', '-o', 'json'])
      const { live } = JSON.parse(stdout) as {
        live: {
          problem: string | null
          tasks: { state: string; epoch: number; lagRecords: number; bytes: number }[]
        }
      }
      expect([live.problem, live.tasks.length]).toEqual([null, 10])
      expect(live.tasks.every(({ state, epoch }) => state === 'running' && epoch > 1)).toBe(true)
      expect(Math.max(...live.tasks.map(({ bytes }) => bytes))).toBeGreaterThan(0)
    }, 60_000)
  },
)
