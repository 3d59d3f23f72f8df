/** Access tokens: the one form that is accepted, and every forgery that is not. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { EncryptJWT, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { createVerify, signToken, TokenError } from '../../../../api/auth/token.ts'

const SECRET = 'the-secret-of-this-test-0123456789abcdef'
const NOW = Date.UTC(2026, 2, 1, 12)
const SECONDS = NOW / 1000
const key = new TextEncoder().encode(SECRET)
const verify = createVerify(SECRET, () => NOW)

const CLAIMS: JWTPayload = {
  iss: 'nikash',
  aud: 'nikash',
  sub: 'user:1',
  tenant: 'acme',
  role: 'reader',
  iat: SECONDS,
  exp: SECONDS + 600,
}
const HEADER = { alg: 'HS256', typ: 'at+jwt' }

const token = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, with_ = key) => {
  const payload = Object.fromEntries(
    Object.entries({ ...CLAIMS, ...claims }).filter(([, v]) => v !== undefined),
  )
  const kept = Object.fromEntries(Object.entries({ ...HEADER, ...header }).filter(([, v]) => v !== undefined))
  return new SignJWT(payload).setProtectedHeader(kept as { alg: string }).sign(with_)
}
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function failureOf(text: string): Promise<string> {
  try {
    await verify(text)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    if (text.trim() !== '') expect(error.message).not.toContain(text.slice(0, 12))
    return error.failure
  }
}

const flip = (text: string, at: number): string => {
  const parts = text.split('.')
  const bytes = Buffer.from(parts[at] ?? '', 'base64url')
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  parts[at] = bytes.toString('base64url')
  return parts.join('.')
}

describe('a token', () => {
  it('of the prescribed form gives tenant, subject, role and expiry', async () => {
    for (const role of ['reader', 'writer']) {
      const principal = { tenant: 'acme', subject: 'user:1', role, expiresAtMs: (SECONDS + 600) * 1000 }
      expect(await verify(await token({ role }))).toEqual(principal)
    }
    const own = await signToken(SECRET, {
      tenant: 'acme',
      subject: 's',
      role: 'reader',
      nowMs: NOW,
      ttlSeconds: 60,
    })
    expect(await verify(own)).toMatchObject({ tenant: 'acme', expiresAtMs: NOW + 60_000 })
  })

  it('may be expired by the leeway of clocks and no more', async () => {
    expect(await failureOf(await token({ exp: SECONDS - 4 }))).toBe('accepted')
    expect(await failureOf(await token({ exp: SECONDS - 6 }))).toBe('expired')
    expect(await failureOf(await token({ exp: SECONDS - 86_400 }))).toBe('expired')
  })

  it('of a role that does not read is forbidden, not invalid', async () => {
    for (const role of ['operator', 'admin', 'READER', ''])
      expect(await failureOf(await token({ role }))).toBe('forbidden')
  })

  it('is not repeated by what choosing a key could do', async () => {
    const foreign = new TextEncoder().encode('another-secret-of-somebody-0123456789')
    const jwk = { kty: 'oct', k: Buffer.from(foreign).toString('base64url'), alg: 'HS256' }
    for (const header of [
      { jwk },
      { kid: '../../../../dev/null' },
      { kid: "x' OR '1'='1" },
      { kid: 'http://evil.example/key' },
      { jku: 'http://evil.example/jwks.json' },
      { x5u: 'http://evil.example/cert.pem' },
    ]) {
      expect([header, await failureOf(await token({}, header, foreign))]).toEqual([header, 'invalid'])
    }
  })
})

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const FORGERIES: readonly (readonly [string, () => Promise<string> | string])[] = [
  ['alg none', () => new UnsecuredJWT(CLAIMS).encode()],
  ['alg none with the right typ', () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(CLAIMS)}.`],
  ['alg NONE', () => `${part({ alg: 'NONE', typ: 'at+jwt' })}.${part(CLAIMS)}.`],
  ['HS384 with the right secret', () => token({}, { alg: 'HS384' })],
  ['HS512 with the right secret', () => token({}, { alg: 'HS512' })],
  ['RS256', () => new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg: 'RS256' }).sign(rsa.privateKey)],
  ['PS256', () => new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg: 'PS256' }).sign(rsa.privateKey)],
  ['ES256', () => new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg: 'ES256' }).sign(ec.privateKey)],
  ['EdDSA', () => new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg: 'EdDSA' }).sign(ed.privateKey)],
  ['another secret', () => token({}, {}, new TextEncoder().encode(`${SECRET}x`))],
  ['no exp', () => token({ exp: undefined })],
  ['exp as text', () => token({ exp: String(SECONDS + 600) })],
  ['not before tomorrow', () => token({ nbf: SECONDS + 86_400 })],
  ['issued in the future', () => token({ iat: SECONDS + 3_600 })],
  ['another issuer', () => token({ iss: 'nikash2' })],
  ['no issuer', () => token({ iss: undefined })],
  ['another audience', () => token({ aud: 'other' })],
  ['no audience', () => token({ aud: undefined })],
  ['typ JWT', () => token({}, { typ: 'JWT' })],
  ['a refresh token', () => token({}, { typ: 'rt+jwt' })],
  ['no typ', () => token({}, { typ: undefined })],
  ['no subject', () => token({ sub: undefined })],
  ['no tenant', () => token({ tenant: undefined })],
  ['no role', () => token({ role: undefined })],
  ['a list of tenants', () => token({ tenant: ['acme', 'bolt'] })],
  ['a tenant that is a pattern', () => token({ tenant: '*' })],
  ['a tenant that is a path', () => token({ tenant: '../bolt' })],
  ['a tenant that closes a brace', () => token({ tenant: 'acme}:kpi' })],
  ['a tenant in capitals', () => token({ tenant: 'ACME' })],
  ['a critical header that nobody knows', () => token({}, { crit: ['x'], x: true }).catch(() => 'a.b.c')],
  ['a flipped bit in the header', async () => flip(await token(), 0)],
  ['a flipped bit in the claims', async () => flip(await token(), 1)],
  ['a flipped bit in the signature', async () => flip(await token(), 2)],
  [
    'claims of another tenant under the same signature',
    async () => {
      const [header, , signature] = (await token()).split('.')
      return `${header}.${part({ ...CLAIMS, tenant: 'bolt' })}.${signature}`
    },
  ],
  ['no signature', async () => `${(await token()).split('.').slice(0, 2).join('.')}.`],
  ['two parts', async () => (await token()).split('.').slice(0, 2).join('.')],
  [
    'an encrypted token',
    () =>
      new EncryptJWT(CLAIMS).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(Buffer.alloc(32, 1)),
  ],
  ['nothing', () => ''],
  ['spaces', () => '   '],
  ['a token of 5000 characters', () => token({ pad: 'x'.repeat(5_000) })],
]

describe('a forgery', () => {
  it.each(FORGERIES)('with %s is refused', async (_, forge) => {
    expect(await failureOf(await forge())).toBe('invalid')
  })
})
