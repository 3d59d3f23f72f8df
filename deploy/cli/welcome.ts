/** Owns what `up` prints when everything is healthy: URLs, a token, one line for curl, one for a socket. */
import { HOST } from '../local/ports.ts'
import type { StackAccess } from './access.ts'
import { print, table } from './output.ts'
import { signToken } from './tokens.ts'

export const DEMO_TENANT = 'demo'
const TOKEN_LIFE_MS = 12 * 3_600_000

export const printWelcome = async (access: StackAccess): Promise<void> => {
  const { urls, secrets, ports } = access.context
  const present = new Set(
    access.state.parts.filter((part) => part.status === 'healthy').map((part) => part.name),
  )
  const rows: ReadonlyArray<readonly [string, string, string]> = [
    ['api', 'Dashboard and API', urls.api],
    ['api', 'API reference', `${urls.api}/docs`],
    ['commands', 'Commands', urls.commands],
    ['kafka', 'Kafka', urls.kafkaBrokers],
    ['registry', 'Schema registry', urls.schemaRegistry],
    ['clickhouse', 'ClickHouse (HTTP)', urls.clickhouse],
    ['redis', 'Redis', urls.redis],
    ['postgres', 'PostgreSQL', `${HOST}:${ports.postgres}/nikash`],
  ]
  print()
  print(
    table(
      ['what', 'where'],
      rows.filter(([part]) => present.has(part)).map(([, what, where]) => [what, where]),
    ),
  )
  print(`Data and logs: ${access.layout.root}`)
  if (!present.has('api')) return
  const token = await signToken(secrets.jwtAccessSecret, {
    tenant: DEMO_TENANT,
    role: 'writer',
    subject: `demo@${DEMO_TENANT}`,
    lifeMs: TOKEN_LIFE_MS,
  })
  print()
  print(`Demo token (tenant ${DEMO_TENANT}, 12 h):`)
  print(token)
  print()
  print(`curl -s -H "Authorization: Bearer ${token}" "${urls.api}/v1/kpis?window=30d"`)
  const join = JSON.stringify({ join: `tenant:${DEMO_TENANT}`, token })
  print(`npx wscat -c "${urls.api.replace('http:', 'ws:')}/ws" -w 600 -x '${join}'`)
}
