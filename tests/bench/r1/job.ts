/**
 * The reference job R1 as a topology: per tenant the open invoices, revenue and cash by day, outstanding by due day;
 * out of them r30, r90, c30, receivables, five aging buckets and DSO, as of the tenant's latest issue day. Windows are
 * (asOf - N, asOf]; amounts are whole minor units, and a sum beyond 2^52 is refused rather than rounded.
 * Owns the job's events and their Avro schema too. Runs on the ordinary engine: nothing here is known to it.
 */
import avro from 'avsc'
import type { DecodedEvent, DecodeFailure } from '../../../schemas/codec/event-codec.ts'
import type { EventCodec } from '../../../processors/runtime/task.ts'
import {
  type Context,
  type RenderContext,
  type Rows,
  rowsSpec,
  type Topology,
} from '../../../processors/runtime/topology.ts'

export const SCHEMA_ID = 1
const HEADER_BYTES = 5

export const EVENT = avro.Type.forSchema({
  type: 'record',
  name: 'BenchEvent',
  namespace: 'bench',
  fields: [
    { name: 'eventId', type: 'string' },
    { name: 'tenantId', type: 'string' },
    {
      name: 'type',
      type: { type: 'enum', name: 'BenchEventType', symbols: ['INVOICE_ISSUED', 'PAYMENT_RECEIVED'] },
    },
    { name: 'invoiceId', type: 'string' },
    { name: 'amount', type: 'bytes' },
    { name: 'issueDate', type: 'int' },
    { name: 'dueDate', type: 'int' },
    { name: 'occurredAt', type: 'long' },
  ],
})

export interface BenchEvent {
  readonly eventId: string
  readonly tenantId: string
  readonly type: 'INVOICE_ISSUED' | 'PAYMENT_RECEIVED'
  readonly invoiceId: string
  /** Big-endian two's complement, minor units. */
  readonly amount: Buffer
  readonly issueDate: number
  readonly dueDate: number
  readonly occurredAt: number
}

export interface BenchResult {
  readonly tenant: string
  readonly asOf: number
  readonly r30: number
  readonly r90: number
  readonly c30: number
  readonly ar: number
  readonly aging: readonly number[]
  readonly dso: number
}

const TYPES = ['INVOICE_ISSUED', 'PAYMENT_RECEIVED'] as const
const NOT_WHOLE = { ok: false, code: 'undecodable', message: 'not one whole record' } as const

/** What a handler gets: the event as read, with what the engine asks of an envelope (no version: the filter goes by id). */
class JobEvent {
  readonly #value: Buffer
  readonly #idFrom: number
  readonly #idTo: number
  tenantId = ''
  type: BenchEvent['type'] = 'INVOICE_ISSUED'
  invoiceId = ''
  /** Minor units. */
  amount = 0
  issueDate = 0
  dueDate = 0
  recordedAt = 0
  readonly aggregateVersion = null
  readonly aggregateType = 'invoice'
  readonly aggregateId = ''

  constructor(value: Buffer, idFrom: number, idTo: number) {
    this.#value = value
    this.#idFrom = idFrom
    this.#idTo = idTo
  }

  get eventId(): string {
    return this.#value.toString('utf8', this.#idFrom, this.#idTo)
  }
}

/**
 * Reads events as their schema has them, field by field, without what a general reader needs beside: an amount becomes a
 * number without a buffer in between, tenants, which come again and again, are the same string each time, and the id of
 * an event is left where it lies.
 */
class EventReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  readonly #tenants: (string | undefined)[] = []

  /** Undefined: not one whole record. */
  read(bytes: Buffer): DecodedEvent | undefined {
    this.#bytes = bytes
    this.#at = HEADER_BYTES
    const idTo = this.#end()
    const idFrom = this.#at
    if (idTo < 0) return undefined
    this.#at = idTo
    const tenantId = this.#tenant()
    const type = TYPES[this.#long()]
    const invoiceId = this.#text()
    const amount = this.#amount()
    const issueDate = this.#long()
    const dueDate = this.#long()
    const occurredAt = this.#long()
    if (this.#at !== bytes.length || type === undefined) return undefined
    const data = new JobEvent(bytes, idFrom, idTo)
    data.tenantId = tenantId
    data.type = type
    data.invoiceId = invoiceId
    data.amount = amount
    data.issueDate = issueDate
    data.dueDate = dueDate
    data.recordedAt = occurredAt
    return {
      ok: true,
      schemaId: SCHEMA_ID,
      type: 'BenchEvent',
      data,
      idFrom,
      idTo,
    } as unknown as DecodedEvent
  }

  /** A varint, zigzag. Past the end bytes read as 0 and the place is wrong, which `read` sees. */
  #long(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++] ?? 0
    let n = byte & 0x7f
    for (let scale = 128; byte > 0x7f && scale <= 2 ** 49; scale *= 128) {
      byte = bytes[this.#at++] ?? 0
      n += (byte & 0x7f) * scale
    }
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2
  }

  /** Where a length-prefixed field ends; -1 when it cannot. */
  #end(): number {
    const length = this.#long()
    const end = this.#at + length
    return length < 0 || end > this.#bytes.length ? -1 : end
  }

  #text(): string {
    const end = this.#end()
    const from = this.#at
    if (end < 0) return this.#lost()
    this.#at = end
    for (let i = from; i < end; i++)
      if ((this.#bytes[i] as number) > 0x7f) return this.#bytes.toString('utf8', from, end)
    return this.#bytes.toString('latin1', from, end)
  }

  #tenant(): string {
    const start = this.#at
    const end = this.#end()
    const from = this.#at
    if (end < 0) return this.#lost()
    let hash = 0
    for (let i = from; i < end; i++) hash = Math.imul(hash, 31) + (this.#bytes[i] as number)
    const place = (hash ^ (hash >>> 11)) & 2047
    const known = this.#tenants[place]
    if (known !== undefined && this.#is(known, from, end)) {
      this.#at = end
      return known
    }
    this.#at = start
    const text = this.#text()
    this.#tenants[place] = text
    return text
  }

  #is(text: string, from: number, end: number): boolean {
    if (text.length !== end - from) return false
    for (let i = from; i < end; i++) if (text.charCodeAt(i - from) !== this.#bytes[i]) return false
    return true
  }

  /** Big-endian two's complement, minor units. */
  #amount(): number {
    const end = this.#end()
    const from = this.#at
    const length = end - from
    if (end < 0 || length === 0 || length > 6) {
      this.#lost()
      return 0
    }
    this.#at = end
    return this.#bytes.readIntBE(from, length)
  }

  #lost(): string {
    this.#at = Number.POSITIVE_INFINITY
    return ''
  }
}

/** `seen` is called before the first record is decoded. */
export function benchCodec(seen: () => void): EventCodec {
  let first = true
  const reader = new EventReader()
  return {
    decodeEvent(bytes): DecodedEvent | DecodeFailure {
      if (first) {
        first = false
        seen()
      }
      if (bytes === null || bytes[0] !== 0)
        return { ok: false, code: 'bad_magic', message: 'no Confluent header' }
      return reader.read(bytes) ?? NOT_WHOLE
    },
    wants: () => undefined,
    prepare: () => Promise.resolve(false),
  }
}

export const encodeEvent = (event: BenchEvent): Buffer => {
  const body = EVENT.toBuffer(event)
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  bytes[0] = 0
  bytes.writeUInt32BE(SCHEMA_ID, 1)
  body.copy(bytes, HEADER_BYTES)
  return bytes
}

const WHOLE_MAX = 2 ** 52

function whole(amount: number): number {
  if (!Number.isInteger(amount) || Math.abs(amount) > WHOLE_MAX)
    throw new RangeError(`${amount} is beyond what a number holds exactly`)
  return amount
}

/** Days are kept in blocks: an event touches one row of its tenant, and a result reads a few and not a hundred. */
const BLOCK = 16
/** [left, due day]. */
const OPEN = rowsSpec({ name: 'open', cells: 8_192, columns: 2 })
/** BLOCK revenues by day, then BLOCK receipts. */
const DAYS = rowsSpec({ name: 'days', cells: 1_024, columns: 2 * BLOCK })
/** BLOCK outstanding amounts by due day. */
const DUE = rowsSpec({ name: 'due', cells: 1_024, columns: BLOCK })
/** [latest issue day, first block of due days, last one]. */
const HEAD = rowsSpec({ name: 'head', cells: 64, columns: 3 })

const blockOf = (day: number): number => Math.floor(day / BLOCK)

function addDue(due: Rows, tenant: string, day: number, amount: number): void {
  const block = blockOf(day)
  due.open(tenant, block).add(day - block * BLOCK, amount)
}

function onEvent(
  { tenantId: tenant, invoiceId, type, issueDate, dueDate, amount }: JobEvent,
  ctx: Context,
): void {
  const open = ctx.rows(OPEN)
  const block = blockOf(issueDate)
  const day = issueDate - block * BLOCK
  if (type === 'INVOICE_ISSUED') {
    ctx.rows(DAYS).open(tenant, block).add(day, amount)
    addDue(ctx.rows(DUE), tenant, dueDate, amount)
    const item = open.open(tenant, invoiceId)
    item.set(0, amount)
    item.set(1, dueDate)
  } else {
    ctx
      .rows(DAYS)
      .open(tenant, block)
      .add(BLOCK + day, amount)
    const item = open.find(tenant, invoiceId)
    if (item !== undefined) {
      const left = item.get(0)
      const applied = Math.min(left, amount)
      addDue(ctx.rows(DUE), tenant, item.get(1), -applied)
      if (left === applied) item.remove()
      else item.set(0, left - applied)
    }
  }
  moveHead(ctx.rows(HEAD), tenant, issueDate, blockOf(dueDate))
  ctx.dirty(tenant)
}

function moveHead(heads: Rows, tenant: string, day: number, dueBlock: number): void {
  const known = heads.find(tenant)
  const head = known ?? heads.open(tenant)
  if (known === undefined || day > head.get(0)) head.set(0, day)
  if (known === undefined || dueBlock < head.get(1)) head.set(1, dueBlock)
  if (known === undefined || dueBlock > head.get(2)) head.set(2, dueBlock)
}

export function resultOf(tenant: string, ctx: Pick<RenderContext, 'rows'>): BenchResult | undefined {
  const head = ctx.rows(HEAD).find(tenant)
  if (head === undefined) return undefined
  const asOf = head.get(0)
  const first = head.get(1)
  const last = head.get(2)
  let [r30, r90, c30, ar] = [0, 0, 0, 0]
  const days = ctx.rows(DAYS)
  for (let block = blockOf(asOf - 89); block <= blockOf(asOf); block++) {
    const row = days.find(tenant, block)
    if (row === undefined) continue
    const from = block * BLOCK
    for (let at = Math.max(0, asOf - 89 - from); at < BLOCK && from + at <= asOf; at++) {
      r90 += row.get(at)
      if (from + at <= asOf - 30) continue
      r30 += row.get(at)
      c30 += row.get(BLOCK + at)
    }
  }
  const aging = [0, 0, 0, 0, 0]
  const due = ctx.rows(DUE)
  for (let block = first; block <= last; block++) {
    const row = due.find(tenant, block)
    if (row === undefined) continue
    for (let at = 0; at < BLOCK; at++) {
      const amount = row.get(at)
      if (amount === 0) continue
      const late = asOf - block * BLOCK - at
      const bucket = late <= 0 ? 0 : late <= 30 ? 1 : late <= 60 ? 2 : late <= 90 ? 3 : 4
      aging[bucket] = (aging[bucket] as number) + amount
      ar += amount
    }
  }
  const dso = r90 === 0 ? 0 : Math.round(((90 * ar) / r90) * 100) / 100
  return { tenant, asOf, r30: whole(r30), r90: whole(r90), c30: whole(c30), ar: whole(ar), aging, dso }
}

export const R1: Topology = {
  name: 'r1',
  version: 1,
  stores: [OPEN, DAYS, DUE, HEAD],
  onEvent: (event, ctx) => onEvent(event.data as unknown as JobEvent, ctx),
  render(tenant, ctx) {
    const result = resultOf(tenant, ctx)
    return result === undefined ? [] : [{ key: tenant, value: Buffer.from(JSON.stringify(result)) }]
  },
}
