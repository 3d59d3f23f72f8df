/**
 * Owns who may command: the bearer token's signature, age and role.
 * A1: the tenant comes from the token and nowhere else. A2: only HS256 with our own key; header fields that name keys
 *     are ignored. A3: a token without expiry, tenant or role is none.
 */
import { hash } from 'node:crypto'
import { jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { TENANT_ID } from '../../schemas/values/ids.ts'
import { Refusal } from '../kernel/errors.ts'

export const ROLES = ['reader', 'writer', 'operator'] as const
export type Role = (typeof ROLES)[number]

export interface Caller {
  readonly subject: string
  readonly tenantId: string
  readonly role: Role
}

const claims = z.object({
  sub: z.string().min(1).max(200),
  tenant: z.string().regex(TENANT_ID),
  role: z.enum(ROLES),
  exp: z.number(),
})

const TOKEN_CHARS_MAX = 4_096
const CACHED_MAX = 2_000
/** A verified token is taken on trust this long (never beyond its expiry). */
const CACHED_MS = 60_000
const LEEWAY_SECONDS = 5

export type Authenticate = (authorization: string | undefined) => Promise<Caller>

export function authenticator(secret: string, nowMs: () => number): Authenticate {
  const key = new TextEncoder().encode(secret)
  const verified = new LRUCache<string, { readonly caller: Caller; readonly untilMs: number }>({
    max: CACHED_MAX,
  })
  return async (authorization) => {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) {
      throw new Refusal(
        'token_missing',
        'send Authorization: Bearer TOKEN (./nikash token --tenant T prints one)',
      )
    }
    if (token.length > TOKEN_CHARS_MAX) throw new Refusal('token_invalid', 'the token is too long')
    const known = hash('sha256', token, 'base64')
    const cached = verified.get(known)
    if (cached && cached.untilMs > nowMs()) return cached.caller
    const { sub, tenant, role, exp } = await claimsOf(token, key, nowMs())
    const caller: Caller = { subject: sub, tenantId: tenant, role }
    verified.set(known, { caller, untilMs: Math.min(nowMs() + CACHED_MS, exp * 1_000) })
    return caller
  }
}

async function claimsOf(token: string, key: Uint8Array, nowMs: number): Promise<z.infer<typeof claims>> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      typ: 'at+jwt',
      issuer: 'nikash',
      audience: 'nikash',
      requiredClaims: ['exp', 'sub', 'tenant', 'role'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(nowMs),
    })
    return claims.parse(payload)
  } catch {
    throw new Refusal('token_invalid', 'the token is expired, forged or not for this service: get a new one')
  }
}

export function requireRole(caller: Caller, needed: 'writer' | 'operator'): void {
  if (caller.role === 'operator' || caller.role === needed) return
  throw new Refusal('role_refused', `this takes role ${needed}, the token has role ${caller.role}`)
}
