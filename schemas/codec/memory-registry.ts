/** A schema registry in memory, for tests and for tools that only look: ids from 1, one per distinct schema. */
import type { RecordType } from '../generated/records.ts'
import type { SchemaRegistryPort } from '../registry.ts'
import { ALL_TYPES, SCHEMAS } from './avro-types.ts'

export class MemoryRegistry implements SchemaRegistryPort {
  readonly #schemas: unknown[] = []
  readonly #ids = new Map<string, number>()
  /** How often fetchSchema was asked. */
  fetches = 0
  /** While set, every call rejects with it. */
  failure: Error | undefined

  /** Registers any schema (that of an older writer, say) and gives its id. */
  add(schema: unknown): number {
    const text = JSON.stringify(schema)
    const before = this.#ids.get(text)
    if (before !== undefined) return before
    this.#schemas.push(schema)
    this.#ids.set(text, this.#schemas.length)
    return this.#schemas.length
  }

  registerAll(): Promise<ReadonlyMap<RecordType, number>> {
    if (this.failure) return Promise.reject(this.failure)
    return Promise.resolve(new Map(ALL_TYPES.map((type) => [type, this.add(SCHEMAS[type])])))
  }

  idOf(type: RecordType): Promise<number> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.add(SCHEMAS[type]))
  }

  fetchSchema(id: number): Promise<unknown> {
    this.fetches++
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.#schemas[id - 1] ?? null)
  }

  ping(): Promise<void> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve()
  }
}
