/**
 * Owns who asks: one writer with a password, and analysts whose password follows from their name
 * (hex HMAC-SHA256 of the user name under a secret), so that nothing per tenant is stored.
 * A1: passwords are compared in constant time. A2: credentials come from one place; two at once are refused.
 * A3: the tenant of an analyst is the rest of the user's name, and nothing else in a request can change it.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { authenticationFailed } from './errors.ts'

export type Caller =
  | { readonly role: 'writer'; readonly user: string }
  | { readonly role: 'analyst'; readonly user: string; readonly tenant: string }

export interface Accounts {
  readonly writerUser: string
  readonly writerPassword: string
  readonly analystSecret: string
}

const ANALYST = /^analyst_([A-Za-z0-9][A-Za-z0-9_.:-]{0,127})$/

export const analystPassword = (secret: string, user: string): string =>
  createHmac('sha256', secret).update(user).digest('hex')

const same = (given: string, wanted: string): boolean =>
  timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(wanted).digest())

interface Credentials {
  readonly user: string
  readonly password: string
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

function fromHeaders(headers: IncomingHttpHeaders): Credentials | undefined {
  const user = one(headers['x-clickhouse-user'])
  const key = one(headers['x-clickhouse-key'])
  return user === undefined && key === undefined
    ? undefined
    : { user: user ?? 'default', password: key ?? '' }
}

function fromBasic(headers: IncomingHttpHeaders): Credentials | undefined {
  const header = headers.authorization
  if (header === undefined) return undefined
  const [scheme = '', value = ''] = header.split(' ')
  if (scheme.toLowerCase() !== 'basic') {
    throw authenticationFailed(`${scheme} authorization is not supported: use Basic, with user and password`)
  }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0
    ? { user: text, password: '' }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

function fromUrl(url: URL): Credentials | undefined {
  const user = url.searchParams.get('user')
  const password = url.searchParams.get('password')
  return user === null && password === null
    ? undefined
    : { user: user ?? 'default', password: password ?? '' }
}

export function authenticate(url: URL, headers: IncomingHttpHeaders, accounts: Accounts): Caller {
  const given = [fromHeaders(headers), fromBasic(headers), fromUrl(url)].filter(
    (found) => found !== undefined,
  )
  if (given.length > 1) {
    throw authenticationFailed(
      'credentials came in more than one way: use one of Basic, X-ClickHouse-User, user=',
    )
  }
  const { user, password } = given[0] ?? { user: 'default', password: '' }
  const tenant = ANALYST.exec(user)?.[1]
  // Both are always computed, so that time tells nothing about which users there are.
  const isWriter = same(user, accounts.writerUser) && same(password, accounts.writerPassword)
  const isAnalyst = same(password, analystPassword(accounts.analystSecret, user)) && tenant !== undefined
  if (isWriter) return { role: 'writer', user }
  if (isAnalyst) return { role: 'analyst', user, tenant }
  throw authenticationFailed(
    `${user}: Authentication failed: password is incorrect, or there is no user with such name`,
  )
}
