/** How end-to-end tests talk to the running services: JSON in and out with a token, and waiting for what must come. */

export interface Answer<T> {
  readonly status: number
  readonly body: T
  readonly headers: Headers
}

export async function request<T>(
  method: 'GET' | 'POST',
  url: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  let body: unknown = text
  try {
    body = JSON.parse(text)
  } catch {
    // not JSON: the text itself is the body
  }
  return { status: response.status, body: body as T, headers: response.headers }
}

/** GET that must answer 200. */
export async function read<T>(base: string, path: string, token: string): Promise<T> {
  const answer = await request<T>('GET', base + path, { token })
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** POST with a fresh Idempotency-Key that must be accepted; a part that is just restarting (5xx, refused) is asked again. */
export async function command<T>(
  base: string,
  path: string,
  token: string,
  body: unknown,
  key: string = crypto.randomUUID(),
): Promise<T> {
  return await eventually(`POST ${path} to be accepted`, async () => {
    const answer = await request<T>('POST', base + path, { token, body, headers: { 'idempotency-key': key } })
    if (answer.status >= 500) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    if (answer.status >= 300)
      throw new Refused(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  })
}

/** An answer that waiting can't change. */
export class Refused extends Error {}

/** Repeats until `attempt` stops throwing; the last reason is in the error. */
export async function eventually<T>(what: string, attempt: () => Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (error instanceof Refused) throw error
      if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

export interface Money {
  readonly amount: string
  readonly currency: string
}

export interface Aging {
  readonly asOf: string
  readonly basis: string
  readonly buckets: readonly { readonly label: string; readonly amount: Money }[]
  readonly unapplied: Money
  readonly disputed: Money
  readonly total: Money
}

/** Minor units (scale 2) of decimal text. */
export function cents(amount: string): bigint {
  const m = /^(-?)(\d+)\.(\d{2})$/.exec(amount)
  if (m === null) throw new Error(`not an amount with two decimals: ${amount}`)
  return BigInt(`${m[1]}${m[2]}${m[3]}`)
}

let counter = 0
/** A tenant id that no other test uses. */
export const freshTenant = (prefix: string): string =>
  `${prefix}-${process.pid.toString(36)}${Date.now().toString(36)}${(counter++).toString(36)}`
