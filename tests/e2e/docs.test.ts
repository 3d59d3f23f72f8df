/** The commands that the documents show are run, as they stand there, against the running stack. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'
import { type Aging, command, eventually, request } from '../support/http.ts'
import { describeStack, signToken } from '../support/stack.ts'

const run = promisify(execFile)
const ROOT = path.resolve(import.meta.dirname, '../..')

/** Lines of ```sh blocks; a prompt or a comment line is left out. */
function commandsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) =>
    (block[1] ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
  )
}

describeStack(
  'what the documents show',
  ['apiUrl', 'commandsUrl', 'jwtAccessSecret', 'stateFile'],
  (stack) => {
    const data = path.dirname(stack.stateFile)
    /** The shown line, aimed at the stack under test: its data folder and its ports. */
    const aimed = (line: string) =>
      line
        .replaceAll('http://127.0.0.1:3006', stack.apiUrl)
        .replaceAll('http://127.0.0.1:3007', stack.commandsUrl)
        .replaceAll(/^(\.\/nikash .*)$/gm, `$1 --data ${data}`)
        .replaceAll(/\$\((\.\/nikash [^|)]+)/g, `$($1 --data ${data} `)
    const shell = (script: string) =>
      run('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: ROOT,
        timeout: 120_000,
        env: { ...process.env, NODE_OPTIONS: '' },
      })

    it('works: the reads of README.md and docs/api.md answer with figures', async () => {
      const operator = await signToken(stack.jwtAccessSecret, { tenant: 'demo', role: 'operator' })
      const exists = await request('POST', `${stack.commandsUrl}/v1/tenants`, {
        token: operator,
        body: { id: 'demo', name: 'Demo' },
        headers: { 'idempotency-key': 'docs' },
      })
      expect([200, 201, 202, 409]).toContain(exists.status)
      const writer = await signToken(stack.jwtAccessSecret, { tenant: 'demo' })
      await command(stack.commandsUrl, '/v1/customers', writer, { name: 'Docs' })
      for (const file of ['README.md', 'docs/api.md']) {
        const lines = commandsOf(file)
        const token = lines.find((line) => line.startsWith('TOKEN='))
        const reads = lines.filter((line) => line.startsWith('curl -s -H'))
        expect([file, token !== undefined, reads.length > 1]).toEqual([file, true, true])
        for (const line of reads) {
          await eventually(line, async () => {
            const { stdout } = await shell(`${aimed(token ?? '')}\n${aimed(line)}`)
            const body = JSON.parse(stdout) as { asOf?: string; status?: number }
            expect([line, body.status, typeof body.asOf]).toEqual([line, undefined, 'string'])
          })
        }
      }
    }, 180_000)

    it('works: the import of README.md leaves the open invoices of its file', async () => {
      const line = commandsOf('README.md').find((l) => l.startsWith('./nikash import'))
      expect(line).toBeDefined()
      await shell(aimed(line ?? ''))
      const token = await signToken(stack.jwtAccessSecret, { tenant: 'acme', role: 'reader' })
      await eventually('the open invoices of the example', async () => {
        const { body } = await request<Aging>('GET', `${stack.apiUrl}/v1/receivables/aging?asOf=2026-11-15`, {
          token,
        })
        // by hand: A-1006 is 11 days past, A-1005 26, A-1003 62, A-1002 99
        expect(body.buckets.map((b) => b.amount.amount)).toEqual([
          '0.00',
          '314780.25',
          '0.00',
          '310000.00',
          '88450.50',
        ])
      })
    }, 120_000)

    it('works: the SQL of docs/analysts.md', async () => {
      const lines = commandsOf('docs/analysts.md')
      expect(lines.length).toBeGreaterThan(3)
      const [credentials, ...queries] = lines
      for (const query of queries) {
        await eventually(query, async () => {
          const { stdout } = await shell(`${aimed(credentials ?? '')}\n${query}`)
          expect([query, stdout]).toEqual([query, expect.not.stringContaining('Exception')])
        })
      }
      const { stdout } = await shell(`${aimed(credentials ?? '')}\n${queries[0]}`)
      expect(stdout).toMatch(/^fct_invoices\t/m)
    }, 120_000)

    it('works: the explain of docs/kpis.md', async () => {
      const [line, ...more] = commandsOf('docs/kpis.md')
      expect([line?.startsWith('./nikash explain'), more]).toEqual([true, []])
      await eventually(line ?? '', async () => {
        const { stdout } = await shell(aimed(line ?? ''))
        expect(stdout).toContain('/ 2 / sales x days')
      })
    }, 120_000)

    it('works: the looking verbs', async () => {
      for (const verb of ['status', 'topics', 'lag', 'describe', 'dlq list', 'tenant list']) {
        const { stdout } = await shell(`${aimed(`./nikash ${verb}`)} -o json`)
        expect([verb, typeof JSON.parse(stdout)]).toEqual([verb, 'object'])
      }
    }, 120_000)
  },
)
