/**
 * Owns POST /v1/import-batches: many commands in one request, each decided and stored exactly as the single command.
 * B1: a refused item does not disturb the others. B2: repeating a batch changes nothing: creations carry their own ids
 *     (an equal one that is there already is `exists`), all else carries a key.
 * B3: a batch is written in transactions of at most CHUNK commands; few batches are written at a time, so that imports
 *     don't starve single commands.
 */
import { z } from 'zod'
import { externalId } from '../kernel/fields.ts'
import type { EventMetadata } from '../event-store/write.ts'
import { OPERATIONS } from '../kernel/catalogue.ts'
import { problemOf, Refusal } from '../kernel/errors.ts'
import { type CommandRequest, type CommandResult, digestOf } from '../kernel/command.ts'
import { type Executor } from '../kernel/executor.ts'
import type { Operation } from '../kernel/operation.ts'
import { parseBody } from './request.ts'

export const ITEMS_MAX = 500
const CHUNK = 100
const RUNNING_MAX = 3
const WAITING_MAX = 64

const batchable = new Map(
  OPERATIONS.filter((operation) => operation.role === 'writer').map((operation) => [
    operation.name,
    operation,
  ]),
)

export const IMPORT_ID = /^[\w.:-]{1,64}$/

export const importBatch = z.strictObject({
  /** Names the run; the actor of its events is import:ID. */
  importId: z.string().regex(IMPORT_ID, 'must be 1 to 64 letters, digits or _.:-'),
  /** Keeps the commands together as an import that can be listed and undone, or as what undoes it. */
  run: z.enum(['import', 'undo']).optional(),
  items: z
    .array(
      z.strictObject({
        type: z
          .string()
          .refine((name) => batchable.has(name), `must be one of ${[...batchable.keys()].join(', ')}`),
        /** The aggregate, where the command is about one that is there. */
        id: externalId.optional(),
        /** As Idempotency-Key; required where the command creates nothing. */
        key: z
          .string()
          .regex(/^[\x21-\x7e]{1,255}$/)
          .optional(),
        body: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .min(1)
    .max(ITEMS_MAX),
})
export type ImportBatch = z.infer<typeof importBatch>
type Item = ImportBatch['items'][number]

/** Who did it, and what belongs together. */
export const metadataOfBatch = ({ importId, run }: ImportBatch, metadata: EventMetadata): EventMetadata => ({
  ...metadata,
  actor: `${run === 'undo' ? 'import-undo' : 'import'}:${importId}`,
  ...(run === undefined ? {} : { correlationId: importId }),
})

export interface ItemResult {
  readonly status: 'accepted' | 'exists' | 'refused' | 'failed'
  readonly id?: string
  readonly version?: number
  readonly position?: number
  readonly problem?: object
}

export class ImportBatches {
  readonly #executor: Executor
  readonly #queue: (() => void)[] = []
  #running = 0

  constructor(executor: Executor) {
    this.#executor = executor
  }

  async run(tenantId: string, batch: ImportBatch, metadata: EventMetadata): Promise<readonly ItemResult[]> {
    await this.#enter()
    try {
      const results: ItemResult[] = []
      for (let from = 0; from < batch.items.length; from += CHUNK) {
        results.push(...(await this.#chunk(tenantId, batch.items.slice(from, from + CHUNK), metadata)))
      }
      return results
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < RUNNING_MAX) {
      this.#running++
      return
    }
    if (this.#queue.length >= WAITING_MAX) {
      throw new Refusal('unavailable', 'too many import batches are waiting: send it again later', {
        retryAfterSeconds: 2,
      })
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve))
  }

  #leave(): void {
    const next = this.#queue.shift()
    if (next) next()
    else this.#running--
  }

  async #chunk(
    tenantId: string,
    items: readonly Item[],
    metadata: EventMetadata,
  ): Promise<readonly ItemResult[]> {
    const results: (ItemResult | undefined)[] = []
    const requests: CommandRequest[] = []
    const at: number[] = []
    for (const [index, item] of items.entries()) {
      try {
        requests.push(requestOf(tenantId, item, metadata))
        at.push(index)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        results[index] = {
          status: 'refused',
          ...(item.id === undefined ? {} : { id: item.id }),
          problem: problemOf(error),
        }
      }
    }
    const answers = requests.length === 0 ? [] : await this.#executor.run(tenantId, requests)
    for (const [index, answer] of answers.entries()) {
      results[at[index] ?? 0] = itemResult(requests[index]?.id ?? '', answer)
    }
    return items.map((_, index) => results[index] ?? { status: 'failed' })
  }
}

function requestOf(tenantId: string, item: Item, metadata: EventMetadata): CommandRequest {
  const operation = batchable.get(item.type) as Operation
  const command = parseBody(operation.schema, item.body)
  const id = operation.idOf || operation.creates ? operation.idOf?.(command, tenantId) : item.id
  if (id === undefined) {
    const pointer = operation.creates ? '/body/id' : '/id'
    throw new Refusal(
      'validation_failed',
      `${pointer}: an item of a batch needs an id, so that repeating it is harmless`,
      {
        errors: [{ pointer, detail: 'is required in a batch' }],
      },
    )
  }
  if (!operation.creates && item.key === undefined) {
    throw new Refusal(
      'idempotency_key_missing',
      `${item.type} in a batch needs a key, so that repeating it is harmless`,
    )
  }
  const fingerprint = digestOf({ path: item.type, id, body: item.body })
  return {
    operation,
    id,
    command,
    metadata,
    ...(item.key === undefined ? {} : { key: { key: item.key, fingerprint } }),
  }
}

function itemResult(id: string, result: CommandResult): ItemResult {
  switch (result.kind) {
    case 'accepted':
      return { status: result.replayed ? 'exists' : 'accepted', ...result.body }
    case 'failed':
      return { status: 'failed', id }
    case 'refused': {
      const version = result.refusal.options.currentVersion
      if (result.same) return { status: 'exists', id, ...(version === undefined ? {} : { version }) }
      return { status: 'refused', id, problem: problemOf(result.refusal) }
    }
  }
}
