/**
 * Owns how often a user may ask: one window of a minute per tenant and subject, per address where there is no token.
 * Answers carry RateLimit and RateLimit-Policy; a refused request gets 429 with Retry-After. Sockets are not counted here.
 */
import type { RequestHandler } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import type { Principal } from '../auth/token.ts'
import { ApiError } from './problem.ts'

const WINDOW_MS = 60_000

export const limits = (perMinute: number, anonymousPerMinute: number): RequestHandler =>
  rateLimit({
    windowMs: WINDOW_MS,
    limit: (_request, response) => (response.locals['principal'] ? perMinute : anonymousPerMinute),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'api',
    keyGenerator: (request, response) => {
      const principal = response.locals['principal'] as Principal | undefined
      return principal
        ? `user|${principal.tenant}|${principal.subject}`
        : `ip|${ipKeyGenerator(request.ip ?? '')}`
    },
    handler: (_request, _response, next) =>
      next(new ApiError('rate_limited', 'Too many requests: wait as Retry-After says.')),
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  })
