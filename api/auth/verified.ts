/**
 * Tokens that were verified before, by their whole text: a client sends the same one with every request, and the check of
 * its signature costs more than most answers. Refuses: keeping a refusal, or a token past its end.
 * V1: only a token whose bytes were verified is known, and until its `exp` alone; afterwards it is verified again, and
 * refused by the rule there. V2: bounded; the one that was used longest ago is forgotten.
 */
import { LRUCache } from 'lru-cache'
import type { Principal, Verify } from './token.ts'

const TOKENS_MAX = 5_000

export function rememberVerified(verify: Verify, now: () => number): Verify {
  const known = new LRUCache<string, Principal>({ max: TOKENS_MAX })
  return async (token) => {
    const before = known.get(token)
    if (before !== undefined && now() < before.expiresAtMs) return before
    const principal = await verify(token)
    known.set(token, principal)
    return principal
  }
}
