/** A command service in this process over the stack's Postgres, and raw sessions with the store. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { pino } from 'pino'
import { createMetrics } from '../../platform/metrics.ts'
import { beginAs, openPool } from '../../producers/event-store/database.ts'
import { authenticator } from '../../producers/http/auth.ts'
import { commandApp } from '../../producers/http/app.ts'
import { Executor } from '../../producers/kernel/executor.ts'
import { Lanes } from '../../producers/kernel/lanes.ts'
import { migrate } from '../../producers/migrate.ts'
import { freshTenant } from '../support/http.ts'
import { signToken } from '../support/stack.ts'

export interface ServiceStack {
  readonly databaseUrl: string
  readonly databaseOwnerUrl: string
  readonly jwtAccessSecret: string
}

export interface Answer {
  readonly status: number
  readonly body: { id?: string; version?: number; position?: number; code?: string } & Record<string, unknown>
  readonly headers: Headers
}

export type Role = 'reader' | 'writer' | 'operator'

export class Service {
  readonly url: string
  readonly #secret: string
  readonly #close: () => Promise<void>

  private constructor(url: string, secret: string, close: () => Promise<void>) {
    this.url = url
    this.#secret = secret
    this.#close = close
  }

  static async open(stack: ServiceStack): Promise<Service> {
    const pool = openPool(
      { url: stack.databaseUrl, connectionsMax: 6, applicationName: 'nikash-test-commands' },
      () => undefined,
    )
    const nowMs = () => Date.now()
    const executor = new Executor(pool, { nowMs, onCommit: () => undefined })
    const app = commandApp({
      authenticate: authenticator(stack.jwtAccessSecret, nowMs),
      executor,
      lanes: new Lanes((tenant, requests) => executor.run(tenant, requests)),
      pool,
      log: pino({ level: 'silent' }),
      metrics: createMetrics('commands'),
      nowMs,
      accepting: () => true,
    })
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return new Service(`http://127.0.0.1:${port}`, stack.jwtAccessSecret, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await pool.end()
    })
  }

  token(tenant: string, role: Role = 'writer'): Promise<string> {
    return signToken(this.#secret, { tenant, role })
  }

  async send(
    method: string,
    path: string,
    options: {
      token?: string
      body?: unknown
      headers?: Record<string, string>
      raw?: string | Uint8Array
    } = {},
  ): Promise<Answer> {
    const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    let parsed: unknown = {}
    try {
      parsed = JSON.parse(text)
    } catch {
      parsed = { text }
    }
    return { status: response.status, body: parsed as Answer['body'], headers: response.headers }
  }

  close(): Promise<void> {
    return this.#close()
  }
}

/** A registered tenant with customer `c`, and short forms of the usual commands. */
export class Tenant {
  readonly id: string
  readonly token: string
  readonly service: Service

  private constructor(id: string, token: string, service: Service) {
    this.id = id
    this.token = token
    this.service = service
  }

  static async open(service: Service, prefix: string, settings: object = {}): Promise<Tenant> {
    const id = freshTenant(prefix)
    const operator = await service.token(id, 'operator')
    const made = await service.send('POST', '/v1/tenants', { token: operator, body: { id, ...settings } })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
    const tenant = new Tenant(id, await service.token(id), service)
    await tenant.post('/v1/customers', { id: 'c', name: 'Rahim Traders' })
    return tenant
  }

  post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    service = this.service,
  ): Promise<Answer> {
    return service.send('POST', path, {
      token: this.token,
      body,
      headers: { 'idempotency-key': crypto.randomUUID(), ...headers },
    })
  }

  invoice(amount: string, more: object = {}, service = this.service): Promise<Answer> {
    const body = { customerId: 'c', status: 'APPROVED', lines: [{ unitPrice: amount }], ...more }
    return this.post('/v1/invoices', body, {}, service)
  }

  payment(amount: string, more: object = {}, service = this.service): Promise<Answer> {
    return this.post('/v1/payments', { customerId: 'c', amount, ...more }, {}, service)
  }
}

/** Rows that a tenant's session sees, as the command service's own role. */
export async function rowsOf<T extends pg.QueryResultRow>(
  url: string,
  tenant: string | undefined,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(tenant === undefined ? 'begin' : beginAs(tenant))
    const { rows } = await client.query<T>(text, values)
    await client.query('commit')
    return rows
  } finally {
    await client.end()
  }
}

export const prepareStore = (stack: ServiceStack): Promise<unknown> => migrate(stack.databaseOwnerUrl)
