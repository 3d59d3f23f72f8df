/**
 * The page's view of the HTTP API: typed reads, and commands about alerts, with the session's token. Owns no state but the token.
 * A 401 ends the session; other problems carry the server's own words.
 */
export interface Money {
  readonly amount: string
  readonly currency: string
}
export interface Kpi {
  readonly value: string | null
  readonly unit: string
  readonly reason?: string
  readonly previous?: string
  readonly change?: string
  readonly lastYear?: string
  /** What it is made of. */
  readonly inputs?: Readonly<Record<string, string>>
}
export interface KpiAnswer {
  readonly asOf: string
  readonly watermark?: string | null
  readonly window: string
  readonly from?: string
  readonly to?: string
  readonly partial?: boolean
  readonly kpis: Readonly<Record<string, Kpi>>
}
export interface AgingBucket {
  readonly label: string
  readonly amount: Money
}
export interface AgingGroup {
  readonly key: string
  readonly name?: string
  readonly buckets: readonly AgingBucket[]
  readonly unapplied: Money
  readonly total: Money
}
export interface AgingAnswer {
  readonly asOf: string
  readonly basis: 'due' | 'posting'
  readonly buckets: readonly AgingBucket[]
  readonly unapplied: Money
  readonly disputed: Money
  readonly total: Money
  readonly groups?: readonly AgingGroup[]
}
export interface OpenItem {
  /** The first four of an invoice, the others of a bill. */
  readonly invoiceId?: string
  readonly invoiceNumber?: string
  readonly customerId?: string
  readonly customerName?: string
  readonly billId?: string
  readonly billNumber?: string
  readonly vendorId?: string
  readonly vendorName?: string
  readonly dueDate: string
  readonly age: number
  readonly open: Money
  readonly total: Money
}
export interface Page<T> {
  readonly data: readonly T[]
  readonly page: { readonly nextCursor: string | null; readonly hasMore: boolean }
}
export interface Day {
  readonly date: string
  readonly netRevenue: Money
  readonly cashIn: Money
}
export interface Tenant {
  readonly tenantId: string
  readonly name: string
  readonly currency: string
  readonly zone: string
  readonly today: string
}

export class Problem extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface Session {
  readonly token: string
  readonly tenant: string
  /** Whether the token may command: the server decides, the page hides what would be refused. */
  readonly mayAct: boolean
}

/** Claims of a token, unverified: the server verifies; the page only needs the names of its channels. */
export function sessionOf(token: string): Session {
  const part = token.split('.')[1] ?? ''
  const claims = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/'))) as {
    tenant?: unknown
    role?: unknown
  }
  if (typeof claims.tenant !== 'string') throw new Problem(401, 'the token names no tenant')
  return { token, tenant: claims.tenant, mayAct: claims.role === 'writer' || claims.role === 'operator' }
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text()
  try {
    const body = JSON.parse(text) as { title?: string; detail?: string }
    return new Problem(response.status, body.detail ?? body.title ?? response.statusText)
  } catch {
    return new Problem(response.status, response.statusText || `HTTP ${response.status}`)
  }
}

export class Api {
  private readonly token: () => string
  constructor(token: () => string) {
    this.token = token
  }

  async get<T>(
    path: string,
    query: Record<string, string | undefined> = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== '') search.set(name, value)
    const suffix = search.size > 0 ? `?${search}` : ''
    const response = await fetch(`${path}${suffix}`, {
      headers: { authorization: `Bearer ${this.token()}`, accept: 'application/json' },
      ...(signal ? { signal } : {}),
    })
    if (!response.ok) throw await problemOf(response)
    return (await response.json()) as T
  }

  /** A command; what it changed comes over the socket. */
  async post(path: string, body: object): Promise<void> {
    const response = await fetch(path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.token()}`,
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
      },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw await problemOf(response)
  }
}

/** A token for the demo tenant; undefined where the server offers no demo. */
export async function demoToken(): Promise<string | undefined> {
  const response = await fetch('/v1/demo-session', { method: 'POST' })
  if (response.status === 404 || response.status === 405) return undefined
  if (!response.ok) throw await problemOf(response)
  return ((await response.json()) as { token: string }).token
}
