/** Tokens as `./nikash token` makes them, for tests and benchmarks. */
import { SignJWT } from 'jose'

export interface TokenClaims {
  readonly tenant: string
  readonly role?: 'reader' | 'writer' | 'operator'
  readonly subject?: string
  readonly lifeSeconds?: number
}

/** A token as `./nikash token` makes it. */
export function signToken(secret: string, claims: TokenClaims): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ tenant: claims.tenant, role: claims.role ?? 'writer' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('nikash')
    .setAudience('nikash')
    .setSubject(claims.subject ?? `test@${claims.tenant}`)
    .setIssuedAt(now)
    .setExpirationTime(now + (claims.lifeSeconds ?? 600))
    .sign(new TextEncoder().encode(secret))
}
