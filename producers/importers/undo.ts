/**
 * Owns taking an import back: by commands that reverse what it created, newest first, documents before masters.
 * U1: a document ends on its own day, as if it had never been; where that day is closed, today.
 * U2: a master is only taken out of use, and only when nothing refers to it any more.
 * U3: doing it again changes nothing: what has ended is passed over, and commands carry keys. U4: what can't be taken
 *     back is told, with the reason; the rest is.
 */
import { OPERATIONS } from '../kernel/catalogue.ts'
import type { BatchItem, ImportedThing, ItemOutcome, Page } from './client.ts'

export interface Undoer {
  imported(importId: string, part: 'documents' | 'masters', cursor?: string): Promise<Page<ImportedThing>>
  batch(importId: string, items: readonly BatchItem[], run: 'undo'): Promise<readonly ItemOutcome[]>
}

export interface UndoCounts {
  undone: number
  /** Ended before, by this or by others. */
  already: number
  left: number
}

export interface Left {
  readonly type: string
  readonly id: string
  readonly reason: string
}

const ENDED: ReadonlySet<string> = new Set(['CANCELLED', 'FAILED', 'REVERSED', 'WRITTEN_OFF'])
/** Refusals that say what was asked for is so already. */
const SO_ALREADY: ReadonlySet<string> = new Set([
  'nothing_changed',
  'invoice_cancelled',
  'payment_failed',
  'payment_reversed',
])
const CLOSED = 'period_closed'

const BY_DAY: Readonly<Record<string, { readonly command: string; readonly day: string }>> = {
  invoice: { command: 'invoice.cancel', day: 'cancelledDate' },
  bill: { command: 'bill.cancel', day: 'cancelledDate' },
  payment: { command: 'payment.fail', day: 'failedDate' },
  'journal-entry': { command: 'journal-entry.reverse', day: 'reversalDate' },
}

export const isEnded = ({ status, state }: ImportedThing): boolean =>
  ENDED.has(status ?? '') || state?.['active'] === false

/** The command that takes a thing back, or why there is none. */
export function undoingOf(
  thing: ImportedThing,
  importId: string,
  onItsDay = true,
): BatchItem | { readonly reason: string } {
  const { type, id, day } = thing
  const reason = `import ${importId} is undone`
  const key = `undo:${importId}:${type}:${id}${onItsDay ? '' : ':today'}`
  const document = BY_DAY[type]
  if (document) {
    return {
      type: document.command,
      id,
      key,
      body: { reason, ...(onItsDay && day ? { [document.day]: day } : {}) },
    }
  }
  if ((thing.usedBy ?? 0) > 0) return { reason: `${thing.usedBy} documents or balances depend on it` }
  if (type === 'account') return { type: 'account.deactivate', id, key, body: { reason } }
  const body = inactive(type, thing.state ?? {})
  return body ? { type: `${type}.update`, id, key, body } : { reason: `a ${type} can't be taken out of use` }
}

/** All fields of a master as they are, but for its being active; undefined where it has no such field. */
function inactive(
  type: string,
  state: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const operation = OPERATIONS.find(({ name }) => name === `${type}.update`)
  const fields = Object.keys((operation?.schema as { shape?: object } | undefined)?.shape ?? {})
  if (!fields.includes('active')) return undefined
  const kept = fields.filter((field) => state[field] !== undefined).map((field) => [field, state[field]])
  return { ...Object.fromEntries(kept), active: false }
}

export async function undoImport(
  importId: string,
  undoer: Undoer,
  onLeft: (left: Left) => void,
): Promise<UndoCounts> {
  const counts: UndoCounts = { undone: 0, already: 0, left: 0 }
  for (const part of ['documents', 'masters'] as const) {
    let cursor: string | undefined
    do {
      const { data, page } = await undoer.imported(importId, part, cursor)
      for (const left of await undoPage(importId, data, undoer, counts)) {
        counts.left++
        onLeft(left)
      }
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }
  return counts
}

async function undoPage(
  importId: string,
  things: readonly ImportedThing[],
  undoer: Undoer,
  counts: UndoCounts,
): Promise<readonly Left[]> {
  const standing = things.filter((thing) => !isEnded(thing))
  counts.already += things.length - standing.length
  const first = await tryAll(importId, standing, undoer, counts, true)
  // U1
  const closed = first.filter(({ code }) => code === CLOSED).map(({ thing }) => thing)
  const second = await tryAll(importId, closed, undoer, counts, false)
  return [...first.filter(({ code }) => code !== CLOSED), ...second].map(({ thing, reason }) => ({
    type: thing.type,
    id: thing.id,
    reason,
  }))
}

interface Refused {
  readonly thing: ImportedThing
  readonly code: string
  readonly reason: string
}

async function tryAll(
  importId: string,
  things: readonly ImportedThing[],
  undoer: Undoer,
  counts: UndoCounts,
  onItsDay: boolean,
): Promise<readonly Refused[]> {
  const refused: Refused[] = []
  const sent: ImportedThing[] = []
  const items: BatchItem[] = []
  for (const thing of things) {
    const item = undoingOf(thing, importId, onItsDay)
    if ('reason' in item) refused.push({ thing, code: 'impossible', reason: item.reason })
    else {
      sent.push(thing)
      items.push(item)
    }
  }
  const outcomes = items.length === 0 ? [] : await undoer.batch(importId, items, 'undo')
  for (const [index, { status, problem }] of outcomes.entries()) {
    const thing = sent[index] as ImportedThing
    if (status === 'accepted') counts.undone++
    else if (status === 'exists' || SO_ALREADY.has(problem?.code ?? '')) counts.already++
    else refused.push({ thing, code: problem?.code ?? '', reason: problem?.detail ?? 'refused' })
  }
  return refused
}
