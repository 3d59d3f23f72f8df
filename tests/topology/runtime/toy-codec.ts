/** The codec that a task of a test gets: all schemas are in memory. */
import type { EventCodec } from '../../../processors/runtime/task.ts'
import { TEST_CODEC } from '../../../processors/runtime/testing/driver.ts'

export const codec = {
  decodeEvent: (bytes: Buffer | null) => TEST_CODEC.decodeEvent(bytes),
  wants: (): undefined => undefined,
  prepare: () => Promise.resolve(false),
} satisfies EventCodec
