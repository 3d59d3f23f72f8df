/** Cross-origin reads for the origins of CORS_ORIGIN, exact matches alone; none by default. */
import type { RequestHandler } from 'express'

const EXPOSED = 'Cache-Status, ETag, Link, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id'

export const cors =
  (origins: readonly string[]): RequestHandler =>
  (request, response, next) => {
    response.vary('Origin')
    const { origin } = request.headers
    if (origin === undefined || !origins.includes(origin)) return next()
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Allow-Credentials', 'true')
    response.setHeader('Access-Control-Expose-Headers', EXPOSED)
    if (request.method !== 'OPTIONS') return next()
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST')
    response.setHeader(
      'Access-Control-Allow-Headers',
      'Authorization, Content-Type, If-None-Match, X-Request-Id',
    )
    response.setHeader('Access-Control-Max-Age', '600')
    response.status(204).end()
  }
