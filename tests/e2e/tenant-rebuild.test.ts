/**
 * An operator stops one tenant: its dashboard stands still while its twin moves; a rebuild brings it level. The twin gets
 * the same documents and is never stopped: it is the oracle.
 */
import { expect, it } from '@jest/globals'
import { nikash } from '../support/cli.ts'
import { command, eventually, request } from '../support/http.ts'
import { describeStack, signToken } from '../support/stack.ts'

const [STOPPED, TWIN] = [`halt-${Date.now()}`, `twin-${Date.now()}`] as const
const today = new Date().toISOString().slice(0, 10)

describeStack(
  'a tenant that is stopped and rebuilt',
  ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'stateFile'],
  (stack) => {
    const tokens = new Map<string, string>()
    const read = async (tenant: string, path: string) => {
      const token = tokens.get(tenant) ?? ''
      const { body } = await request<Record<string, unknown>>('GET', `${stack.apiUrl}${path}`, { token })
      // When it was computed, and in which place of the log, is another question than what it says.
      const { watermark: _, ...rest } = body
      return JSON.parse(JSON.stringify(rest).replaceAll(tenant, 'T')) as unknown
    }
    const dashboard = (tenant: string) =>
      Promise.all(
        ['/v1/receivables/aging', '/v1/kpis?window=30d', '/v1/kpis?window=fy'].map((path) =>
          read(tenant, path),
        ),
      )
    const spend = (tenant: string, amount: string) =>
      command(stack.commandsUrl, '/v1/expenses', tokens.get(tenant) ?? '', {
        category: 'RENT',
        netAmount: amount,
        expenseDate: today,
        status: 'APPROVED',
      })
    const bill = (tenant: string, amount: string) =>
      command(stack.commandsUrl, '/v1/invoices', tokens.get(tenant) ?? '', {
        id: `i-${amount}`,
        customerId: 'c-1',
        status: 'APPROVED',
        invoiceDate: today,
        dueDate: today,
        lines: [{ description: 'work', unitPrice: amount, vatCode: 'none', vatRate: '0' }],
      })
    const tell = (...args: string[]) => nikash(stack.stateFile, ['tenant', ...args], 120_000)

    it('stands still, then has the figures of its twin', async () => {
      for (const tenant of [STOPPED, TWIN]) {
        const operator = await signToken(stack.jwtAccessSecret, { tenant, role: 'operator' })
        tokens.set(tenant, await signToken(stack.jwtAccessSecret, { tenant }))
        const body = { id: tenant, name: tenant }
        await request('POST', `${stack.commandsUrl}/v1/tenants`, { token: operator, body })
        await command(stack.commandsUrl, '/v1/customers', tokens.get(tenant) ?? '', {
          id: 'c-1',
          name: 'Rahim',
        })
        await bill(tenant, '1000.00')
        await spend(tenant, '300.00')
      }
      await eventually('both have the same figures', async () => {
        const figures = await dashboard(STOPPED)
        expect(JSON.stringify(figures)).toContain('1000.00')
        expect(figures).toEqual(await dashboard(TWIN))
      })
      const frozen = await dashboard(STOPPED)

      const stop = await tell('stop', STOPPED, '--reason', 'its imports are wrong')
      expect([stop.code, stop.stderr]).toEqual([0, expect.any(String)])
      await eventually('it is stopped', async () => {
        const { stdout } = await tell('show', STOPPED, '-o', 'json')
        expect(JSON.parse(stdout)).toMatchObject({
          stopped: 'its imports are wrong',
          processing: { mode: 'stopped', reason: 'its imports are wrong' },
        })
      })
      for (const tenant of [STOPPED, TWIN]) {
        await bill(tenant, '50.00')
        await spend(tenant, '7.00')
      }
      await eventually('the twin moves', async () => expect(await dashboard(TWIN)).not.toEqual(frozen))
      expect(await dashboard(STOPPED)).toEqual(frozen)
      expect((await tell('list')).stdout).toMatch(new RegExp(`${STOPPED}.*stopped: its imports are wrong`))

      const rebuilt = await tell('resume', STOPPED)
      expect([rebuilt.code, rebuilt.stdout]).toEqual([
        0,
        expect.stringContaining(`Rebuilt tenant ${STOPPED}`),
      ])
      await eventually('it is level', async () =>
        expect(await dashboard(STOPPED)).toEqual(await dashboard(TWIN)),
      )
      expect((await tell('show', STOPPED)).stdout).toMatch(/processing +live/)
      for (const tenant of [STOPPED, TWIN]) await spend(tenant, '11.00')
      await eventually('both go on', async () => {
        expect(JSON.stringify(await dashboard(TWIN))).toContain('318.00')
        expect(await dashboard(STOPPED)).toEqual(await dashboard(TWIN))
      })
    }, 240_000)
  },
)
