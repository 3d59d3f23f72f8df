/**
 * Owns talking to the command service: tenants, batches and what was imported, with tries again while it is away.
 * C1: a batch may be sent any number of times. C2: waiting is bounded; then the caller is told that a part is down.
 */

import type { Reference } from './check.ts'

export interface BatchItem {
  readonly type: string
  /** The aggregate, where the command creates none. */
  readonly id?: string
  /** As Idempotency-Key, where the command creates nothing. */
  readonly key?: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface ItemOutcome {
  readonly status: 'accepted' | 'exists' | 'refused' | 'failed'
  readonly id?: string
  readonly problem?: {
    readonly code: string
    readonly detail?: string
    readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  }
}

/** One import as the store knows it. */
export interface ImportInfo {
  readonly importId: string
  readonly firstAt: string
  readonly lastAt: string
  readonly events: number
  /** Events that took back what it made. */
  readonly undone: number
}

/** What an import created, as it is now. */
export interface ImportedThing {
  /** Position of the event that created it. */
  readonly position: number
  readonly type: string
  readonly id: string
  /** Day of the document, YYYY-MM-DD; null where it has none. */
  readonly day: string | null
  readonly status: string | null
  /** Of masters: all fields, and how much refers to it that is not cancelled. */
  readonly state?: Readonly<Record<string, unknown>>
  readonly usedBy?: number
}

export interface Page<T> {
  readonly data: readonly T[]
  readonly page: { readonly hasMore: boolean; readonly nextCursor: string | null }
}

export interface TenantInfo {
  readonly tenantId: string
  readonly currency: string
  readonly zone: string
}

/** The command service can't be reached, or breaks: exit code 3. */
export class PartDown extends Error {
  override readonly name = 'PartDown'
}

/** The service refused the request as a whole. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

export interface ClientOptions {
  readonly commandsUrl: string
  readonly token: string | (() => Promise<string>)
  /** How long the service may be away. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
}

const ANSWER_MS = 60_000
const REFERENCES_MAX = 500
const PAUSE_MS = [100, 250, 500, 1_000, 2_000] as const

export class CommandClient {
  readonly #options: Required<Omit<ClientOptions, 'signal'>> & Pick<ClientOptions, 'signal'>

  constructor(options: ClientOptions) {
    this.#options = { patienceMs: 90_000, ...options }
  }

  async tenant(id: string): Promise<TenantInfo | undefined> {
    try {
      return (await this.request('GET', `/v1/tenants/${encodeURIComponent(id)}`)) as TenantInfo
    } catch (error) {
      if (error instanceof RequestRefused && error.code === 'tenant_not_found') return undefined
      throw error
    }
  }

  /** Registers the tenant; one that is there already is fine. */
  async register(tenant: Readonly<Record<string, string>>): Promise<void> {
    try {
      await this.request('POST', '/v1/tenants', tenant)
    } catch (error) {
      if (!(error instanceof RequestRefused && error.code === 'already_exists')) throw error
    }
  }

  async importOf(importId: string): Promise<ImportInfo | undefined> {
    try {
      return (await this.request('GET', `/v1/imports/${encodeURIComponent(importId)}`)) as ImportInfo
    } catch (error) {
      if (error instanceof RequestRefused && error.code === 'import_not_found') return undefined
      throw error
    }
  }

  imports(cursor?: string): Promise<Page<ImportInfo>> {
    const from = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`
    return this.request('GET', `/v1/imports${from}`) as Promise<Page<ImportInfo>>
  }

  /** Newest first. */
  imported(importId: string, part: 'documents' | 'masters', cursor?: string): Promise<Page<ImportedThing>> {
    const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const path = `/v1/imports/${encodeURIComponent(importId)}/created?part=${part}${from}`
    return this.request('GET', path) as Promise<Page<ImportedThing>>
  }

  /** Those that are not there; undefined = the tenant is not there yet, so nothing can be known. */
  async missing(references: readonly Reference[]): Promise<readonly Reference[] | undefined> {
    const missing: Reference[] = []
    const unique = [...new Map(references.map(({ type, id }) => [`${type} ${id}`, { type, id }])).values()]
    for (let from = 0; from < unique.length; from += REFERENCES_MAX) {
      const asked = { references: unique.slice(from, from + REFERENCES_MAX) }
      try {
        const answer = (await this.request('POST', '/v1/imports/references', asked)) as {
          missing: Reference[]
        }
        missing.push(...answer.missing)
      } catch (error) {
        if (error instanceof RequestRefused && error.code === 'tenant_not_found') return undefined
        throw error
      }
    }
    return missing
  }

  async batch(
    importId: string,
    items: readonly BatchItem[],
    run?: 'import' | 'undo',
  ): Promise<readonly ItemOutcome[]> {
    const deadline = Date.now() + this.#options.patienceMs
    for (let tries = 0; ; tries++) {
      const { results } = (await this.request('POST', '/v1/import-batches', {
        importId,
        run,
        items: items.map(({ type, id, key, body }) => ({ type, id, key, body })),
      })) as {
        results: ItemOutcome[]
      }
      if (!results.some((one) => one.status === 'failed')) return results
      if (Date.now() > deadline)
        throw new PartDown('the command service fails to store some commands: see its log')
      await this.#pause(tries)
    }
  }

  async request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const { commandsUrl, patienceMs } = this.#options
    const deadline = Date.now() + patienceMs
    for (let tries = 0; ; tries++) {
      const answer = await this.#once(method, path, body)
      if (!('again' in answer)) return answer.body
      if (Date.now() > deadline) {
        throw new PartDown(`the command service at ${commandsUrl} does not answer: ${answer.again}`)
      }
      await this.#pause(tries)
    }
  }

  async #once(method: string, path: string, body: unknown): Promise<{ body: unknown } | { again: string }> {
    const { commandsUrl, signal } = this.#options
    signal?.throwIfAborted()
    const token = typeof this.#options.token === 'string' ? this.#options.token : await this.#options.token()
    let response: Response
    let text: string
    try {
      response = await fetch(commandsUrl.replace(/\/$/, '') + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      text = await response.text()
    } catch (error) {
      signal?.throwIfAborted()
      const cause =
        error instanceof Error
          ? error.cause instanceof Error
            ? error.cause.message
            : error.message
          : String(error)
      return { again: cause }
    }
    if (response.status >= 500 || response.status === 429)
      return { again: `${method} ${path} answers ${response.status}` }
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      return { again: `${method} ${path} answers no JSON` }
    }
    if (response.ok) return { body: parsed }
    const { code = 'unknown', detail = text.slice(0, 300) } = parsed as { code?: string; detail?: string }
    throw new RequestRefused(response.status, code, detail)
  }

  #pause(tries: number): Promise<void> {
    const ms = PAUSE_MS[Math.min(tries, PAUSE_MS.length - 1)] ?? 1_000
    return new Promise((resolve) => setTimeout(resolve, ms))
  }
}
