/** Owns what a command is while it is executed: the request for one, and what became of it. */
import { hash } from 'node:crypto'
import type { EventMetadata } from '../event-store/write.ts'
import type { Refusal } from './errors.ts'
import type { Operation } from './operation.ts'

export interface IdempotencyKey {
  readonly key: string
  /** Hash of method, path and body. */
  readonly fingerprint: string
}

export interface CommandRequest {
  readonly operation: Operation
  readonly id: string
  readonly command: unknown
  /** If-Match: the version that the aggregate must have. */
  readonly expectedVersion?: number
  readonly key?: IdempotencyKey
  readonly metadata: EventMetadata
}

export interface Accepted {
  readonly id: string
  readonly version: number
  /** Position of the command's last event in the store. */
  readonly position: number
}

export type CommandResult =
  | {
      readonly kind: 'accepted'
      readonly status: number
      readonly body: Accepted
      readonly replayed: boolean
    }
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'refused'
      readonly refusal: Refusal
      /** Refused as a repetition of itself: the aggregate was created by an equal command. */
      readonly same: boolean
    }

export const refused = (refusal: Refusal, same = false): CommandResult => ({ kind: 'refused', refusal, same })

/** Equal for equal commands, whatever the order of their fields. */
export const digestOf = (command: unknown): string =>
  hash('sha256', JSON.stringify(sorted(command)), 'base64url')

/** The same with its fields in order. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(sorted)
  const fields = value as Readonly<Record<string, unknown>>
  // Without a prototype a field named __proto__ is one like any other.
  const copy = Object.create(null) as Record<string, unknown>
  for (const name of Object.keys(fields).sort()) copy[name] = sorted(fields[name])
  return copy
}
