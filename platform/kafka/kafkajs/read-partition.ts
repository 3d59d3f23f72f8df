/**
 * Reads the committed records of one partition without a group, from an offset to the last stable offset of the moment
 * of the call. It ends when the position has reached that end, not when a certain record was seen: the last offsets may
 * be control records or compacted away.
 */
import { KafkaError, outOfRange } from '../errors.ts'
import type { Batch } from '../port.ts'
import type { Client } from './client.ts'
import { ProtocolError } from './faults.ts'
import { boundsOf } from './offsets.ts'
import { decodeBatches } from './record-batch.ts'
import { fetch } from './requests.ts'

const BYTES_MAX = 4 * 1024 * 1024
const WAIT_MS = 50
/** Answers in a row without any progress: far more than a slow broker needs. */
const EMPTY_MAX = 200
const OUT_OF_RANGE = 1

export interface ReadOptions {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to?: number
}

export async function* readPartition(
  client: Client,
  options: ReadOptions,
): AsyncGenerator<Batch, void, undefined> {
  const { topic, partition, from } = options
  const [bounds] = await boundsOf(client, [{ topic, partition }])
  const { low, high } = bounds ?? { low: 0, high: 0 }
  if (from < low || from > high) throw outOfRange(topic, partition, from, low, high)
  const end = Math.min(options.to ?? high, high)
  let position = from
  let empty = 0
  while (position < end) {
    const [result] = await client.attempt({ what: `read ${topic}-${partition}` }, async () => {
      const broker = await client.broker(client.leaderIdOf(topic, partition))
      const request = fetch([{ topic, partition, offset: position, maxBytes: BYTES_MAX }], {
        maxWaitMs: WAIT_MS,
        maxBytes: BYTES_MAX,
      })
      const results = await client.send(broker, request)
      const code = results[0]?.errorCode ?? 0
      if (code === OUT_OF_RANGE)
        throw outOfRange(topic, partition, position, results[0]?.logStart ?? low, high)
      if (code !== 0) throw new ProtocolError(code, `read ${topic}-${partition}`)
      return results
    })
    if (!result)
      throw new KafkaError('KAFKA_REFUSED', `the answer to a read of ${topic}-${partition} is empty`)
    const read = decodeBatches({
      topic,
      partition,
      bytes: result.bytes,
      from: position,
      aborted: result.aborted,
    })
    if (read.nextOffset === position) {
      if (++empty >= EMPTY_MAX) {
        const text = `${topic}-${partition} gives nothing at offset ${position}, which is before its end ${end}`
        throw new KafkaError('KAFKA_REFUSED', text)
      }
      continue
    }
    empty = 0
    position = Math.min(read.nextOffset, end)
    const records =
      read.nextOffset <= end ? read.records : read.records.filter((record) => record.offset < end)
    yield { topic, partition, records, nextOffset: position, highWatermark: result.stableOffset }
  }
}
