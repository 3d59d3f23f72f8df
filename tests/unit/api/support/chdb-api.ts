/** The operations of the API over chdb in this process: no stack, no Redis; the tenant is said by a header. */
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import type { Operation } from '../../../../api/http/operation.ts'
import { problemOf } from '../../../../api/http/problem.ts'
import type { ClickHouse, Question } from '../../../../api/reads/clickhouse.ts'
import { NOTHING_KEPT } from '../../../../api/reads/answers.ts'
import { createFacts } from '../../../../api/reads/facts.ts'
import type { LiveFigures } from '../../../../api/reads/live-figures.ts'
import { createTenants } from '../../../../api/reads/tenants.ts'
import { operationsOf } from '../../../../api/routes/index.ts'
import type { Services } from '../../../../api/services.ts'
import type { FinanceEvent } from '../../../../schemas/generated/records.ts'
import { type AlertRecord, alertRow } from '../../../../sinks/clickhouse/alert-rows.ts'
import { factRow } from '../../../../sinks/clickhouse/facts-mapping.ts'
import { migrate } from '../../../../sinks/clickhouse/migrate.ts'
import { openChdb } from '../../sinks/support/chdb-store.ts'
import { quietLog } from '../../sinks/support/harness.ts'

export type Body = Record<string, unknown>

export interface ChdbApi {
  /** Names of the questions that were asked, newest last. */
  readonly asked: string[]
  /** Events that are still to come: one arrives before each question, and questions are answered one after the other. */
  readonly arriving: FinanceEvent[]
  /** An answer of 200, checked against its own schema. */
  get(path: string, tenant: string): Promise<Body>
  ask(path: string, tenant: string, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

const NO_LIVE: LiveFigures = {
  kpis: () => Promise.resolve(undefined),
  agingTotal: () => Promise.resolve(undefined),
  agingByCustomer: () => Promise.resolve(undefined),
  hasAlert: () => Promise.resolve(undefined),
  today: () => Promise.resolve(undefined),
}

const errors: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const problem = problemOf(error, { instance: '/', requestId: 'test' })
  response.status(problem.status).json({ ...problem, cause: String(error) })
}

/** `appendedAt`: when the broker appended each event; default: long ago. */
export async function openChdbApi(
  events: readonly FinanceEvent[],
  now: string,
  appendedAt: readonly number[] = [],
  alerts: readonly AlertRecord[] = [],
): Promise<ChdbApi> {
  const store = openChdb()
  await migrate(store, quietLog)
  const record = { topic: 'e', partition: 3, key: null, value: null, headers: {} }
  const rowOf = (one: FinanceEvent, offset: number) =>
    factRow(one, { ...record, offset, timestamp: appendedAt[offset] ?? 0 }, 1)
  const rows = events.map(rowOf)
  await store.insert({ table: 'finance.event_log', rows, token: 'all' })
  if (alerts.length > 0) {
    const raised = alerts.map((one, offset) => alertRow(one, { ...record, offset, timestamp: 0 }))
    await store.insert({ table: 'finance.alert_log', rows: raised, token: 'alerts' })
  }
  const asked: string[] = []
  const arriving: FinanceEvent[] = []
  let end = events.length
  let turn: Promise<unknown> = Promise.resolve()
  const clickhouse: ClickHouse = {
    rows: async <Row>({ name, sql, params }: Question) => {
      asked.push(name)
      const mine = turn.then(async () => {
        const event = arriving.shift()
        if (event) {
          const row = rowOf(event, end++)
          await store.insert({ table: 'finance.event_log', rows: [row], token: `at ${end}` })
        }
        return store.query<Row>(sql, params)
      })
      turn = mine.catch(() => undefined)
      return mine
    },
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const facts = createFacts(clickhouse)
  const clock = () => Date.parse(now)
  const services: Services = {
    answers: NOTHING_KEPT,
    clickhouse,
    facts,
    live: NO_LIVE,
    tenants: createTenants({ clickhouse, facts, live: NO_LIVE, now: clock }),
    now: clock,
    demoToken: undefined,
    commandsUrl: undefined,
  }
  const operations = operationsOf(services)
  const app = express()
  app.set('query parser', 'simple')
  app.use((request, response, next) => {
    response.locals['principal'] = {
      tenant: request.get('x-test-tenant'),
      subject: 'user:test',
      role: 'reader',
    }
    next()
  })
  for (const operation of operations) operation.mount(app)
  app.use(errors)
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (path: string, tenant: string, headers: Record<string, string> = {}) =>
    fetch(url + path, { headers: { 'x-test-tenant': tenant, ...headers } })
  return {
    asked,
    arriving,
    ask,
    async get(path, tenant) {
      const response = await ask(path, tenant)
      const body = (await response.json()) as Body
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
      const wrong = documented(operations, path, body)
      if (wrong !== undefined) throw new Error(`${path} differs from its document: ${wrong}`)
      return body
    },
    async close() {
      await new Promise((resolve) => server.close(resolve))
      await store.close()
    },
  }
}

/** JSON with the names of every object in order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )

/** What of an answer its schema does not say, or says otherwise. */
function documented(operations: readonly Operation[], path: string, body: Body): string | undefined {
  const [bare = ''] = path.split('?')
  const operation = operations.find((one) =>
    [one.path, ...(one.aliases ?? [])].some((template) =>
      new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(bare),
    ),
  )
  const parsed = operation?.response.safeParse(body)
  if (!parsed?.success) return parsed?.error.message ?? 'no such operation'
  return sorted(parsed.data) === sorted(body) ? undefined : 'it has more than that'
}
