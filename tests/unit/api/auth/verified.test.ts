/** Remembered tokens: verified once, never after their end, never another's. */
import { expect, it } from '@jest/globals'
import { createVerify, signToken } from '../../../../api/auth/token.ts'
import { rememberVerified } from '../../../../api/auth/verified.ts'

const SECRET = 'a-secret-for-tests-alone-0123456789abcdef'
const START = Date.parse('2026-03-01T00:00:00Z')

const tokenOf = (tenant: string) =>
  signToken(SECRET, { tenant, subject: 'user:a', role: 'reader', nowMs: START, ttlSeconds: 60 })

it('verifies a token once while it holds, and gives each its own principal', async () => {
  let verified = 0
  const verify = createVerify(SECRET, () => START)
  const remembering = rememberVerified(
    (token) => {
      verified++
      return verify(token)
    },
    () => START,
  )
  const [acme, bolt] = [await tokenOf('acme'), await tokenOf('bolt')]
  const tenants = []
  for (const token of [acme, bolt, acme, bolt, acme]) tenants.push((await remembering(token)).tenant)
  expect([tenants, verified]).toEqual([['acme', 'bolt', 'acme', 'bolt', 'acme'], 2])
})

it('refuses a token that was good before, from its end on (and the leeway of clocks)', async () => {
  let now = START
  const remembering = rememberVerified(
    createVerify(SECRET, () => now),
    () => now,
  )
  const token = await tokenOf('acme')
  await remembering(token)
  now = START + 59_999
  expect((await remembering(token)).tenant).toBe('acme')
  now = START + 66_000
  await expect(remembering(token)).rejects.toThrow(/expired/)
})

it('remembers no refusal, and no token with one other byte', async () => {
  const remembering = rememberVerified(
    createVerify(SECRET, () => START),
    () => START,
  )
  const token = await tokenOf('acme')
  await remembering(token)
  const other = token.slice(0, -2) + (token.endsWith('A') ? 'BB' : 'AA')
  await expect(remembering(other)).rejects.toThrow(/not valid/)
  await expect(remembering(other)).rejects.toThrow(/not valid/)
})
