/** Owns signing tokens of the local stack. Refuses: secrets other than the stack's own, and tokens without an end. */
import { SignJWT } from 'jose'

export const ROLES = ['reader', 'writer', 'operator'] as const
export type Role = (typeof ROLES)[number]

export type TokenRequest = {
  readonly tenant: string
  readonly role: Role
  readonly subject: string
  readonly lifeMs: number
}

export const signToken = (secret: string, request: TokenRequest): Promise<string> => {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ tenant: request.tenant, role: request.role })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('nikash')
    .setAudience('nikash')
    .setSubject(request.subject)
    .setIssuedAt(now)
    .setExpirationTime(now + Math.max(1, Math.floor(request.lifeMs / 1000)))
    .sign(new TextEncoder().encode(secret))
}
