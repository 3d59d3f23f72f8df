/** Owns new ids: UUIDv7 of an instant, with random bytes fetched for many at once. */
import { randomFillSync } from 'node:crypto'
import { uuidv7 } from '../../schemas/values/ids.ts'

const ID_BYTES = 10
const random = Buffer.alloc(ID_BYTES * 400)
let used = random.length

export function newId(nowMs: number): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  used += ID_BYTES
  return uuidv7(nowMs, random.subarray(used - ID_BYTES, used))
}
