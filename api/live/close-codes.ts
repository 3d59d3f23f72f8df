/**
 * Every code with which a socket of ours is closed, and every error code of a reply: one table, the same as in
 * docs/sockets.md (a test compares them). Ranges are Centrifugo's: clients reconnect after 3000-3499, not after 3500-3999.
 */
export interface CloseCode {
  readonly code: number
  readonly reason: string
}

export const CLOSE = {
  shutdown: { code: 3001, reason: 'shutdown' },
  serverError: { code: 3004, reason: 'internal server error' },
  expired: { code: 3005, reason: 'connection expired' },
  slow: { code: 3008, reason: 'slow' },
  noPong: { code: 3012, reason: 'no pong' },
  tooManyRequests: { code: 3013, reason: 'too many requests' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  badRequest: { code: 3501, reason: 'bad request' },
  stale: { code: 3502, reason: 'stale' },
  connectionLimit: { code: 3504, reason: 'connection limit' },
  permissionDenied: { code: 3507, reason: 'permission denied' },
} as const satisfies Readonly<Record<string, CloseCode>>

/** Pushed to a subscription whose stream can't go on from where it is: the client subscribes again and recovers. */
export const INSUFFICIENT_STATE = { code: 2500, reason: 'insufficient state' } as const

export interface ReplyError {
  readonly code: number
  readonly message: string
  readonly temporary?: true
}

export const ERROR = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unknownChannel: { code: 102, message: 'unknown channel' },
  permissionDenied: { code: 103, message: 'permission denied' },
  methodNotFound: { code: 104, message: 'method not found' },
  alreadySubscribed: { code: 105, message: 'already subscribed' },
  limitExceeded: { code: 106, message: 'limit exceeded' },
  notAvailable: { code: 108, message: 'not available' },
  tokenExpired: { code: 109, message: 'token expired' },
} as const satisfies Readonly<Record<string, ReplyError>>
