/**
 * Owns who is asking: reads the bearer token of a request, once, before limits and routes. A request without one goes
 * on without a principal (public routes need none); a bad one is remembered and refused by the first route that needs
 * a tenant. X-Tenant-Id, X-Forwarded-* and tokens in the address are not looked at.
 */
import type { RequestHandler } from 'express'
import { TokenError, type TokenFailure, type Verify } from '../auth/token.ts'
import { ApiError, type ProblemCode } from './problem.ts'

const CODES: Readonly<Record<TokenFailure, ProblemCode>> = {
  expired: 'token_expired',
  invalid: 'token_invalid',
  forbidden: 'role_not_allowed',
}

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i

export const authentication =
  (verify: Verify): RequestHandler =>
  async (request, response, next) => {
    const header = request.headers.authorization
    if (header !== undefined) {
      const token = header.length <= 8_192 ? BEARER.exec(header)?.[1] : undefined
      try {
        if (token === undefined)
          throw new TokenError('invalid', 'The Authorization header is not `Bearer TOKEN`.')
        response.locals['principal'] = await verify(token)
      } catch (error) {
        if (!(error instanceof TokenError)) return next(error)
        response.locals['authFailure'] = new ApiError(CODES[error.failure], error.message)
      }
    }
    next()
  }
