/**
 * Owns checking commands before they are sent: against the very schemas of the command service, and what they refer to
 * against what the file itself creates. PURE.
 */
import { OPERATIONS } from '../kernel/catalogue.ts'
import { Refusal } from '../kernel/errors.ts'
import { parseBody } from '../http/request.ts'
import type { ItemInput } from './kind.ts'
import { WrongUse } from './wrong-use.ts'

export interface Problem {
  readonly pointer: string
  readonly reason: string
}

export interface Reference {
  readonly type: 'customer' | 'vendor' | 'product' | 'account'
  readonly id: string
}

/** Fields of any command that name something which must be there. */
const REFERENCES: Readonly<Record<string, Reference['type']>> = {
  customerId: 'customer',
  vendorId: 'vendor',
  productId: 'product',
  accountId: 'account',
  accountCode: 'account',
  parentId: 'account',
}

const operations = new Map(OPERATIONS.map((operation) => [operation.name, operation]))

/** What the command service would refuse of the command's form; the first problem. */
export function problemOfForm({ type, body }: ItemInput): Problem | undefined {
  const operation = operations.get(type)
  if (!operation) throw new WrongUse(`this version has no command ${type}`)
  try {
    parseBody(operation.schema, body)
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const [first] = error.options.errors ?? []
    return { pointer: first?.pointer ?? '', reason: first?.detail ?? error.message }
  }
}

/** Type of what a command creates, as references name it. */
const creates = (type: string): string => type.split('.')[0] ?? ''

const keyOf = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type} ${id}`

/** What commands refer to and no command before them creates. */
export class References {
  readonly #created = new Set<string>()

  created({ type, body }: ItemInput): void {
    const { id, code } = body as { id?: unknown; code?: unknown }
    for (const one of [id, code]) if (typeof one === 'string') this.#created.add(`${creates(type)} ${one}`)
  }

  open(item: ItemInput): readonly (Reference & { readonly pointer: string })[] {
    return [...referencesIn(item.body, '')].filter((one) => !this.#created.has(keyOf(one)))
  }
}

function* referencesIn(value: unknown, pointer: string): Generator<Reference & { readonly pointer: string }> {
  if (value === null || typeof value !== 'object') return
  for (const [key, part] of Object.entries(value)) {
    const at = `${pointer}/${key}`
    const type = REFERENCES[key]
    if (type !== undefined && typeof part === 'string') yield { type, id: part, pointer: at }
    else yield* referencesIn(part, at)
  }
}
