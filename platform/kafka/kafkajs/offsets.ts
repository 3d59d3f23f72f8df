/**
 * Committed offsets and log bounds. K2: offsets are read stable; a transaction that holds them is waited for, and, when
 * the caller can name its owner, ended by fencing that owner.
 */
import { KafkaError } from '../errors.ts'
import type { CommittedOffset } from '../port.ts'
import type { Client } from './client.ts'
import { protocolCodeOf } from './faults.ts'
import { initTransactions } from './producer.ts'
import { offsetFetch } from './requests.ts'

const UNSTABLE = 88
const UNSTABLE_PAUSE_MS = 40
const FENCING_TIMEOUT_MS = 1_000

export interface Place {
  readonly topic: string
  readonly partition: number
}

export interface StableOptions {
  readonly timeoutMs: number
  readonly fenceAfterMs?: number | undefined
  readonly pendingOwner?: ((metadata: string) => string | undefined) | undefined
  /** Ends the wait early, by throwing. */
  readonly onWait?: () => void
}

async function offsetsOf(client: Client, groupId: string, places: readonly Place[], stable: boolean) {
  const coordinator = { kind: 'group', key: groupId } as const
  const found = await client.attempt({ what: `offsets of group ${groupId}`, coordinator }, async () =>
    client.send(await client.coordinator('group', groupId), offsetFetch(groupId, places, stable)),
  )
  return places.map(({ topic, partition }): CommittedOffset => {
    const one = found.find((f) => f.topic === topic && f.partition === partition)
    return { offset: one?.offset ?? -1, metadata: one?.metadata ?? '' }
  })
}

export async function stableOffsets(
  client: Client,
  groupId: string,
  places: readonly Place[],
  options: StableOptions,
): Promise<readonly CommittedOffset[]> {
  if (places.length === 0) return []
  const from = performance.now()
  const fenced = new Set<string>()
  for (;;) {
    try {
      return await offsetsOf(client, groupId, places, true)
    } catch (error) {
      if (protocolCodeOf(error) !== UNSTABLE && !isUnstable(error)) throw error
      const waitedMs = performance.now() - from
      if (waitedMs >= options.timeoutMs) {
        const text = `a transaction on the offsets of group ${groupId} stayed open for ${options.timeoutMs} ms`
        throw new KafkaError('UNSTABLE_OFFSET_COMMIT', text, { cause: error })
      }
      options.onWait?.()
      const { pendingOwner, fenceAfterMs = 500 } = options
      if (pendingOwner && waitedMs >= fenceAfterMs) await fence(client, groupId, places, pendingOwner, fenced)
      await new Promise((resolve) => setTimeout(resolve, UNSTABLE_PAUSE_MS))
    }
  }
}

const isUnstable = (error: unknown): boolean =>
  error instanceof KafkaError && error.code === 'UNSTABLE_OFFSET_COMMIT'

/** Fences each owner once: the metadata of the last committed offset names it. */
async function fence(
  client: Client,
  groupId: string,
  places: readonly Place[],
  pendingOwner: (metadata: string) => string | undefined,
  fenced: Set<string>,
): Promise<void> {
  for (const { metadata } of await offsetsOf(client, groupId, places, false)) {
    const owner = pendingOwner(metadata)
    if (owner === undefined || fenced.has(owner)) continue
    fenced.add(owner)
    await initTransactions(client, owner, FENCING_TIMEOUT_MS)
  }
}

const EARLIEST = '-2'
const LATEST = '-1'
const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1

/** First offset in the log, the last stable offset, and the end. */
export async function boundsOf(
  client: Client,
  places: readonly Place[],
): Promise<readonly { readonly low: number; readonly high: number; readonly end: number }[]> {
  await client.topics([...new Set(places.map((place) => place.topic))])
  return Promise.all(
    places.map(async (place) => {
      const at = (timestamp: string, isolationLevel: number) =>
        client.attempt({ what: `bounds of ${place.topic}-${place.partition}` }, async () => {
          const broker = await client.broker(client.leaderIdOf(place.topic, place.partition))
          const { responses } = await broker.listOffsets({
            isolationLevel,
            topics: [{ topic: place.topic, partitions: [{ partition: place.partition, timestamp }] }],
          })
          return Number(responses[0]?.partitions[0]?.offset ?? -1)
        })
      const [low, high, end] = await Promise.all([
        at(EARLIEST, READ_COMMITTED),
        at(LATEST, READ_COMMITTED),
        at(LATEST, READ_UNCOMMITTED),
      ])
      return { low, high, end: Math.max(high, end) }
    }),
  )
}
