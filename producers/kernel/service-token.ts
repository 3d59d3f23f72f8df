/** Owns the tokens of our own services towards the command service: an operator of one tenant, made anew before they end. */
import { SignJWT } from 'jose'

const TOKEN_SECONDS = 900

export interface ServiceIdentity {
  readonly secret: string
  readonly tenant: string
  /** Name of the service, as actor of its events. */
  readonly service: string
}

export function operatorTokens({ secret, tenant, service }: ServiceIdentity): () => Promise<string> {
  const key = new TextEncoder().encode(secret)
  let token = ''
  let untilMs = 0
  return async () => {
    const now = Math.floor(Date.now() / 1_000)
    if (Date.now() < untilMs) return token
    token = await new SignJWT({ tenant, role: 'operator' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .setIssuer('nikash')
      .setAudience('nikash')
      .setSubject(`service:${service}`)
      .setIssuedAt(now)
      .setExpirationTime(now + TOKEN_SECONDS)
      .sign(key)
    untilMs = (now + TOKEN_SECONDS / 2) * 1_000
    return token
  }
}
