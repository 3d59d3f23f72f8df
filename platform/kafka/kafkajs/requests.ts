/**
 * The requests that kafkajs lacks or does too slowly: Produce 7, Fetch 11, OffsetFetch 7 (stable offsets, K2),
 * TxnOffsetCommit 3 (generation and member, K1), Metadata 12 (topic ids). Layouts: Kafka's message definitions; from
 * OffsetFetch 6, TxnOffsetCommit 3 and Metadata 9 on, headers and structures are "flexible" (compact, with tags).
 */
import type { Membership, OffsetCommit } from '../port.ts'
import { Reader, Writer } from './bytes.ts'
import { ProtocolError } from './faults.ts'
import type { ProtocolRequest } from './internals.ts'
import type { AbortedTransaction } from './record-batch.ts'

interface Api {
  readonly key: number
  readonly version: number
  readonly name: string
  readonly flexible?: boolean
  readonly timeoutMs?: number
  /** About how large the request gets. */
  readonly sizeHint?: number
}

export function request<T>(api: Api, write: (w: Writer) => void, read: (r: Reader) => T): ProtocolRequest<T> {
  return {
    request: {
      apiKey: api.key,
      apiVersion: api.version,
      apiName: api.name,
      encode: () => {
        const w = new Writer(api.sizeHint)
        if (api.flexible) w.tags()
        write(w)
        const { bytes } = w
        return Promise.resolve({ buf: bytes, buffer: bytes, size: () => bytes.length })
      },
    },
    response: {
      decode: (raw) => {
        const r = new Reader(raw)
        if (api.flexible) r.tags()
        return Promise.resolve(read(r))
      },
      parse: (decoded) => Promise.resolve(decoded),
    },
    logResponseError: false,
    ...(api.timeoutMs === undefined ? {} : { requestTimeout: api.timeoutMs }),
  }
}

export function byTopic<T extends { readonly topic: string }>(items: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.topic)
    if (group) group.push(item)
    else groups.set(item.topic, [item])
  }
  return [...groups]
}

export interface ProducePart {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
}

export interface ProduceResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: number
}

export function produce(
  parts: readonly ProducePart[],
  transactionalId: string | null,
  timeoutMs: number,
): ProtocolRequest<readonly ProduceResult[]> {
  const sizeHint = parts.reduce((sum, { batch }) => sum + batch.length + 100, 200)
  return request(
    { key: 0, version: 7, name: 'Produce', sizeHint },
    (w) => {
      w.string(transactionalId).int16(-1).int32(timeoutMs)
      w.array(byTopic(parts), ([topic, group]) => {
        w.string(topic).array(group, ({ partition, batch }) =>
          w.int32(partition).int32(batch.length).raw(batch),
        )
      })
    },
    (r) => {
      const results: ProduceResult[] = []
      r.array(() => {
        const topic = r.string() ?? ''
        r.array(() => {
          const partition = r.int32()
          const errorCode = r.int16()
          const baseOffset = r.int64()
          r.int64()
          r.int64()
          results.push({ topic, partition, errorCode, baseOffset })
        })
      })
      return results
    },
  )
}

export interface FetchPart {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
}

export interface FetchResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly stableOffset: number
  readonly logStart: number
  readonly aborted: readonly AbortedTransaction[]
  readonly bytes: Buffer
}

const NOTHING = Buffer.alloc(0)
const READ_COMMITTED = 1

/** Committed records only (K3). */
export function fetch(
  parts: readonly FetchPart[],
  limits: { maxWaitMs: number; maxBytes: number },
): ProtocolRequest<readonly FetchResult[]> {
  return request(
    { key: 1, version: 11, name: 'Fetch', timeoutMs: limits.maxWaitMs + 10_000 },
    (w) => {
      w.int32(-1)
        .int32(limits.maxWaitMs)
        .int32(1)
        .int32(limits.maxBytes)
        .int8(READ_COMMITTED)
        .int32(0)
        .int32(-1)
      w.array(byTopic(parts), ([topic, group]) => {
        w.string(topic).array(group, (p) => {
          w.int32(p.partition).int32(-1).int64(p.offset).int64(-1).int32(p.maxBytes)
        })
      })
      w.int32(0).string('')
    },
    (r) => {
      r.int32()
      const errorCode = r.int16()
      r.int32()
      if (errorCode !== 0) throw new ProtocolError(errorCode, 'fetch')
      const results: FetchResult[] = []
      r.array(() => {
        const topic = r.string() ?? ''
        r.array(() => {
          const head = { topic, partition: r.int32(), errorCode: r.int16(), highWatermark: r.int64() }
          const tail = { stableOffset: r.int64(), logStart: r.int64() }
          const aborted = r.array(() => ({ producerId: r.bigint64(), firstOffset: r.int64() }))
          r.int32()
          results.push({ ...head, ...tail, aborted, bytes: r.bytes() ?? NOTHING })
        })
      })
      return results
    },
  )
}

export interface FetchedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
  readonly errorCode: number
}

export function offsetFetch(
  groupId: string,
  places: readonly { readonly topic: string; readonly partition: number }[],
  requireStable: boolean,
): ProtocolRequest<readonly FetchedOffset[]> {
  return request(
    { key: 9, version: 7, name: 'OffsetFetch', flexible: true },
    (w) => {
      w.compactString(groupId)
      w.compactArray(byTopic(places), ([topic, group]) => {
        w.compactString(topic).uvarint(group.length + 1)
        for (const { partition } of group) w.int32(partition)
      })
      w.int8(requireStable ? 1 : 0).tags()
    },
    (r) => {
      r.int32()
      const found: FetchedOffset[] = []
      r.compactArray(() => {
        const topic = r.compactString() ?? ''
        r.compactArray(() => {
          const head = { topic, partition: r.int32(), offset: r.int64() }
          r.int32()
          found.push({ ...head, metadata: r.compactString() ?? '', errorCode: r.int16() })
        })
      })
      const errorCode = r.int16()
      const failed = errorCode !== 0 ? errorCode : (found.find((f) => f.errorCode !== 0)?.errorCode ?? 0)
      if (failed !== 0) throw new ProtocolError(failed, `offsets of group ${groupId}`)
      return found
    },
  )
}

export function txnOffsetCommit(
  producer: { readonly transactionalId: string; readonly producerId: bigint; readonly epoch: number },
  membership: Membership,
  offsets: readonly OffsetCommit[],
): ProtocolRequest<object> {
  return request(
    { key: 28, version: 3, name: 'TxnOffsetCommit', flexible: true },
    (w) => {
      w.compactString(producer.transactionalId).compactString(membership.groupId)
      w.bigint64(producer.producerId).int16(producer.epoch)
      w.int32(membership.generationId).compactString(membership.memberId)
      w.compactString(membership.instanceId ?? null)
      w.compactArray(byTopic(offsets), ([topic, group]) => {
        w.compactString(topic).compactArray(group, ({ partition, offset, metadata }) => {
          w.int32(partition)
            .int64(offset)
            .int32(-1)
            .compactString(metadata ?? '')
        })
      })
      w.tags()
    },
    (r) => {
      r.int32()
      const codes: number[] = []
      r.compactArray(() => {
        r.compactString()
        r.compactArray(() => {
          r.int32()
          codes.push(r.int16())
        })
      })
      const failed = codes.find((code) => code !== 0)
      if (failed !== undefined)
        throw new ProtocolError(failed, `offset commit of group ${membership.groupId}`)
      return {}
    },
  )
}

export interface TopicMetadata {
  readonly errorCode: number
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly {
    readonly errorCode: number
    readonly partition: number
    readonly leader: number
  }[]
}

const NO_ID = Buffer.alloc(16)

/** null = all topics. */
export function metadata(names: readonly string[] | null): ProtocolRequest<readonly TopicMetadata[]> {
  return request(
    { key: 3, version: 12, name: 'Metadata', flexible: true },
    (w) => {
      if (names === null) w.uvarint(0)
      else w.compactArray(names, (name) => w.raw(NO_ID).compactString(name))
      w.int8(0).int8(0).tags()
    },
    (r) => {
      r.int32()
      r.compactArray(() => {
        r.int32()
        r.compactString()
        r.int32()
        r.compactString()
      })
      r.compactString()
      r.int32()
      return r.compactArray(() => {
        const errorCode = r.int16()
        const name = r.compactString() ?? ''
        const topicId = r.slice(16).toString('base64url')
        const internal = r.int8() !== 0
        const partitions = r.compactArray(() => {
          const place = { errorCode: r.int16(), partition: r.int32(), leader: r.int32() }
          r.int32()
          for (let lists = 0; lists < 3; lists++) for (let n = r.uvarint(); n > 1; n--) r.int32()
          return place
        })
        r.int32()
        return { errorCode, name, topicId, internal, partitions }
      })
    },
  )
}
