/**
 * Owns the check of access tokens: JWT, HS256, header typ `at+jwt`, issuer and audience `nikash`, claims sub, tenant,
 * role and exp. Refuses every other algorithm (`none` included), a token without exp, and roles that don't read.
 *
 * T1  the tenant comes from a verified token and from nowhere else.
 * T2  `kid`, `jku`, `x5u` and `jwk` of a header choose nothing: there is one key, from the configuration.
 * T3  the message of a failure never repeats a byte of the token.
 */
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { TENANT_ID } from '../../schemas/values/ids.ts'

export const ISSUER = 'nikash'
export const AUDIENCE = 'nikash'
export const TOKEN_TYPE = 'at+jwt'
const CLOCK_LEEWAY_SECONDS = 5
const TOKEN_CHARS_MAX = 4_096

export type Role = 'reader' | 'writer'
export interface Principal {
  readonly tenant: string
  readonly subject: string
  readonly role: Role
  readonly expiresAtMs: number
}

export type TokenFailure = 'expired' | 'invalid' | 'forbidden'
export class TokenError extends Error {
  readonly failure: TokenFailure
  constructor(failure: TokenFailure, message: string) {
    super(message)
    this.name = 'TokenError'
    this.failure = failure
  }
}

export type Verify = (token: string) => Promise<Principal>

const claimsSchema = z.object({
  sub: z.string().min(1).max(200),
  tenant: z.string().regex(TENANT_ID),
  role: z.string().max(40),
  exp: z.number().int().positive(),
  iat: z.number().optional(),
})

export const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret)

export function createVerify(secret: string, now: () => number): Verify {
  const key = keyOf(secret)
  return async (token) => {
    if (token.length > TOKEN_CHARS_MAX) throw new TokenError('invalid', 'The token is too long.')
    const nowMs = now()
    let payload: unknown
    try {
      ;({ payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: TOKEN_TYPE,
        requiredClaims: ['exp', 'sub', 'tenant', 'role'],
        clockTolerance: CLOCK_LEEWAY_SECONDS,
        currentDate: new Date(nowMs),
      }))
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw new TokenError('expired', 'The token has expired: get a new one.')
      throw new TokenError('invalid', 'The token is not valid here.')
    }
    const claims = claimsSchema.safeParse(payload)
    if (!claims.success)
      throw new TokenError('invalid', 'The token lacks a claim or has one of a wrong form.')
    const { sub, tenant, role, exp, iat } = claims.data
    if (iat !== undefined && iat * 1000 > nowMs + 60_000) {
      throw new TokenError('invalid', 'The token was issued in the future: check the clocks.')
    }
    if (role !== 'reader' && role !== 'writer') {
      throw new TokenError(
        'forbidden',
        'This role reads nothing here: use a token with role reader or writer.',
      )
    }
    return { tenant, subject: sub, role, expiresAtMs: exp * 1000 }
  }
}

export interface TokenRequest {
  readonly tenant: string
  readonly subject: string
  readonly role: Role
  readonly nowMs: number
  readonly ttlSeconds: number
}

export function signToken(secret: string, request: TokenRequest): Promise<string> {
  const issuedAt = Math.floor(request.nowMs / 1000)
  return new SignJWT({ tenant: request.tenant, role: request.role })
    .setProtectedHeader({ alg: 'HS256', typ: TOKEN_TYPE })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(request.subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + request.ttlSeconds)
    .sign(keyOf(secret))
}
