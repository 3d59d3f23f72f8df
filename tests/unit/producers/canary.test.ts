/** The rounds of the canary over a command service in memory: in order, once, and whole after any crash. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pino from 'pino'
import { Canary } from '../../../producers/canary/canary.ts'
import type { BatchItem, ItemOutcome } from '../../../producers/importers/client.ts'

/** Keeps what it was sent by id; an equal command is there already, another one under its id is refused. */
class Service {
  readonly stored = new Map<string, string>()
  readonly registered: string[] = []
  /** Dies after so many more commands. */
  left = Number.POSITIVE_INFINITY

  async tenant() {
    return this.registered.length > 0 ? { tenantId: 'nikash-canary', currency: 'BDT', zone: 'x' } : undefined
  }
  async register(tenant: Readonly<Record<string, string>>) {
    this.registered.push(tenant['id'] ?? '')
  }
  async batch(_importId: string, items: readonly BatchItem[]): Promise<readonly ItemOutcome[]> {
    return items.map((item): ItemOutcome => {
      if (this.left-- <= 0) throw new Error('gone')
      const [id, body] = [String(item.body['id']), JSON.stringify(item.body)]
      const before = this.stored.get(id)
      if (before === undefined) this.stored.set(id, body)
      if (before === undefined) return { status: 'accepted', id }
      return before === body
        ? { status: 'exists', id }
        : { status: 'refused', id, problem: { code: 'already_exists' } }
    })
  }
  get rounds(): number[] {
    return [...this.stored.keys()].flatMap((id) => /^canary-(\d+)$/.exec(id)?.[1] ?? []).map(Number)
  }
}

const DAY_MS = 86_400_000
let folder = ''
let stateFile = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'canary-'))
  stateFile = join(folder, 'canary.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs until so many rounds are stored. */
async function runTo(service: Service, rounds: number, nowMs = 0): Promise<void> {
  const canary = new Canary({
    client: service,
    periodMs: 1,
    stateFile,
    log: pino({ enabled: false }),
    nowMs: () => nowMs,
    onRound: () => {
      if (service.rounds.length >= rounds) canary.stop()
    },
  })
  await canary.run()
}

describe('the canary', () => {
  it('registers its tenant once and makes one round after the other', async () => {
    const service = new Service()
    await runTo(service, 3)
    await runTo(service, 5)
    expect(service.registered).toEqual(['nikash-canary'])
    expect(service.rounds).toEqual([1, 2, 3, 4, 5])
    // A customer, 5 x (invoice, half, charges), and the rest of 4.
    expect(service.stored.size).toBe(1 + 5 * 3 + 4)
  })

  it.each([2, 3, 4, 5, 6, 7, 8])(
    'that dies after %d commands goes on with the same round on its day',
    async (n) => {
      const service = new Service()
      service.left = n
      await expect(runTo(service, 4)).rejects.toThrow('gone')
      service.left = Number.POSITIVE_INFINITY
      await runTo(service, 4, 3 * DAY_MS)
      expect(service.rounds).toEqual([1, 2, 3, 4])
      expect(service.stored.size).toBe(1 + 4 * 3 + 3)
      // All of a round has one day, but for the rest, which the next round pays.
      const dayOf = (id: string) => /"\w+Date":"([^"]+)"/.exec(service.stored.get(id) ?? '')?.[1]
      for (const round of service.rounds)
        expect([round, dayOf(`canary-${round}-half`), dayOf(`canary-${round}-charges`)]).toEqual([
          round,
          dayOf(`canary-${round}`),
          dayOf(`canary-${round}`),
        ])
    },
  )

  it.each(['lost', 'broken'])('whose file is %s walks through the rounds that are there', async (how) => {
    const service = new Service()
    await runTo(service, 3)
    expect(existsSync(stateFile)).toBe(true)
    if (how === 'lost') rmSync(stateFile)
    else writeFileSync(stateFile, '{"round":')
    await runTo(service, 4, 5 * DAY_MS)
    expect(service.rounds).toEqual([1, 2, 3, 4])
    expect(service.stored.size).toBe(1 + 4 * 3 + 3)
    expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toMatchObject({ round: 4 })
  })
})
