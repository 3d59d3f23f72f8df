/**
 * The AsyncAPI 3.1 document: channels are our topics, messages our records with their Avro schemas. Made from the topic
 * catalogue and schemas/avro, so that it can't differ from what is sent.
 */
import { jsonOf } from '../codec/json.ts'
import { SCHEMAS } from '../codec/avro-types.ts'
import { EVENT_TYPES, type RecordType, RESULT_TYPES } from '../generated/records.ts'
import { CATALOGUE, DLQ_HEADERS, LATE_HEADERS, TOPICS, type TopicSpec } from '../topics.ts'
import { exampleOf } from './examples.ts'
import { GROUPS } from './groups.ts'
import type { RecordSchema } from './schema-text.ts'

const BINDING = { bindingVersion: '0.5.0' }
const AVRO = 'application/vnd.apache.avro+json;version=1.9.0'
/** Ids of examples, by the group that an event is in. */
const exampleId = (aggregate: string): string => `${aggregate.split(',')[0] ?? ''}-1`

const aggregateOf = (type: RecordType): readonly [string, string] | undefined => {
  const group = GROUPS.find(({ events }) => (events as readonly string[]).includes(type))
  if (group === undefined) return undefined
  const kind = group.aggregate.split(',')[0] ?? ''
  return [kind === '-' ? 'tenant' : kind, exampleId(kind === '-' ? 'tenant' : kind)]
}

function messageOf(type: RecordType): object {
  const schema = SCHEMAS[type] as RecordSchema
  const isEvent = (EVENT_TYPES as readonly string[]).includes(type)
  return {
    name: `nikash.finance.v1.${type}`,
    title: type,
    summary: schema.doc,
    contentType: 'avro/binary',
    payload: { schemaFormat: AVRO, schema },
    bindings: {
      kafka: {
        key: {
          type: 'string',
          description: isEvent
            ? 'Tenant id, UTF-8; "~" for records that every partition receives.'
            : 'tenant|family|slice on the results topic, tenant id on the topics of history and alerts.',
        },
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'RecordNameStrategy',
        ...BINDING,
      },
    },
    examples: [{ name: type, payload: jsonOf(type, exampleOf(type, aggregateOf(type)) as never) }],
  }
}

const headersOf = (names: Readonly<Record<string, string>>, doc: string) => ({
  type: 'object',
  description: doc,
  properties: Object.fromEntries(Object.values(names).map((name) => [name, { type: 'string' }])),
})

/** Records whose value is the bytes of another one, unchanged. */
const CARRIERS = {
  DeadLetter: {
    name: 'DeadLetter',
    title: 'Dead letter',
    summary:
      'A record that could not be applied or read: its bytes unchanged, its place and the reason in headers.',
    contentType: 'application/octet-stream',
    headers: headersOf(DLQ_HEADERS, 'Where the bytes came from, and why they were refused.'),
  },
  LateEvent: {
    name: 'LateEvent',
    title: 'Late event',
    summary:
      'An event, bytes unchanged, that came after a final, or too late to tell whether it had come before.',
    contentType: 'avro/binary',
    headers: headersOf({ ...DLQ_HEADERS, ...LATE_HEADERS }, 'Where it came from, and what it was late for.'),
  },
}

type MessageName = RecordType | keyof typeof CARRIERS

/** Records of finance.alerts.v1. */
const ALERT_TYPES: readonly RecordType[] = ['AlertRaised', 'AlertCleared', 'AlertMoved']

function messagesOn(topic: string): readonly MessageName[] {
  if (topic === TOPICS.events) return EVENT_TYPES
  if (topic === TOPICS.alerts) return ALERT_TYPES
  if (topic === TOPICS.results || topic === TOPICS.history) {
    return RESULT_TYPES.filter((type) => !ALERT_TYPES.includes(type))
  }
  if (topic === TOPICS.late) return ['LateEvent']
  return topic.endsWith('.dlq') ? ['DeadLetter'] : []
}

const NUMERIC = /^-?\d+$/
const configOf = ({ config }: TopicSpec) =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      name === 'cleanup.policy' ? [value] : NUMERIC.test(value) ? Number(value) : value,
    ]),
  )

const channelOf = (spec: TopicSpec): object => ({
  address: spec.name,
  title: spec.name,
  description: spec.doc,
  messages: Object.fromEntries(
    messagesOn(spec.name).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
  ),
  bindings: {
    kafka: {
      topic: spec.name,
      partitions: spec.partitions,
      topicConfiguration: configOf(spec),
      ...BINDING,
    },
  },
})

const operation = (action: 'send' | 'receive', topic: string, summary: string): object => ({
  action,
  channel: { $ref: `#/channels/${topic}` },
  summary,
})

/** Internal topics: nobody outside reads or writes them. */
const INTERNAL: ReadonlySet<string> = new Set([TOPICS.checkpoints])

export function asyncApiDocument(): object {
  const topics = CATALOGUE.filter(({ name }) => !INTERNAL.has(name))
  const records: readonly RecordType[] = [...EVENT_TYPES, ...RESULT_TYPES]
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Nikash events',
      version: '1.0.0',
      description:
        'Topics of Nikash and the records on them. Readable form: docs/events.md; how to publish and consume: docs/publishing.md.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'avro/binary',
    servers: {
      local: {
        host: '127.0.0.1:3092',
        protocol: 'kafka',
        description: 'The local stack with its default ports; `./nikash status -o env` says those of yours.',
        bindings: {
          kafka: {
            schemaRegistryUrl: 'http://127.0.0.1:3081',
            schemaRegistryVendor: 'confluent',
            ...BINDING,
          },
        },
      },
    },
    channels: Object.fromEntries(topics.map((spec) => [spec.name, channelOf(spec)])),
    operations: {
      receiveEvents: operation(
        'receive',
        TOPICS.events,
        'Events of any service, ours and yours, are applied.',
      ),
      sendEvents: operation('send', TOPICS.events, 'Commands that were accepted become events.'),
      sendResults: operation('send', TOPICS.results, 'Newest figures of every tenant, compacted.'),
      sendHistory: operation('send', TOPICS.history, 'Figures over time: snapshots, closes, corrections.'),
      sendAlerts: operation(
        'send',
        TOPICS.alerts,
        'Alerts: raised, cleared, and what people did about them.',
      ),
      sendLate: operation('send', TOPICS.late, 'Events that came late.'),
      sendDeadLetters: operation('send', `${TOPICS.events}.dlq`, 'Events that could not be applied.'),
    },
    components: {
      messages: {
        ...Object.fromEntries(records.map((type) => [type, messageOf(type)])),
        ...CARRIERS,
      },
    },
  }
}
