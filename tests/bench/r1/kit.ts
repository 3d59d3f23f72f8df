/** What every run of R1 needs: its topics, its events on them, and the comparison of results. */
import type { Admin, KafkaPort, OutputRecord } from '../../../platform/kafka/port.ts'
import type { Generated } from './events.ts'
import { type BenchResult, encodeEvent } from './job.ts'

const BATCH = 5_000

export async function createTopics(
  admin: Admin,
  partitions: number,
  names: readonly string[],
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  await admin.createTopics(names.map((name) => ({ name, partitions, config })))
}

export async function produceAll(port: KafkaPort, topic: string, generated: Generated): Promise<void> {
  const producer = await port.producer()
  let batch: OutputRecord[] = []
  for (const event of generated.events) {
    batch.push({ topic, key: event.tenantId, value: encodeEvent(event) })
    if (batch.length < BATCH) continue
    await producer.send(batch)
    batch = []
  }
  if (batch.length > 0) await producer.send(batch)
  await producer.close()
}

/** The last committed result of every tenant. */
async function lastResults(
  port: KafkaPort,
  topic: string,
  partitions: number,
): Promise<Map<string, BenchResult>> {
  const last = new Map<string, BenchResult>()
  for (let partition = 0; partition < partitions; partition++)
    for await (const { records } of port.readPartition({ topic, partition, from: 0 }))
      for (const { key, value } of records)
        if (key !== null && value !== null)
          last.set(key.toString(), JSON.parse(value.toString()) as BenchResult)
  return last
}

const FIELDS = ['asOf', 'r30', 'r90', 'c30', 'ar', 'dso'] as const

/** How many tenants have another last result on the topic than expected. */
export async function differences(
  port: KafkaPort,
  topic: string,
  partitions: number,
  expected: readonly BenchResult[],
): Promise<number> {
  const last = await lastResults(port, topic, partitions)
  return expected.filter((one) => {
    const got = last.get(one.tenant)
    if (got === undefined || FIELDS.some((field) => Number(got[field]) !== one[field])) return true
    return one.aging.some((amount, i) => Number(got.aging[i]) !== amount)
  }).length
}
