import { defaultsOf } from '../../../schemas/codec/defaults.ts'
import { beforeAll, describe, expect, it } from '@jest/globals'
import avro from 'avsc'
import fc from 'fast-check'
import { ALL_TYPES, AVRO_TYPES, SCHEMAS } from '../../../schemas/codec/avro-types.ts'
import { type DecodeFailure, RecordCodec } from '../../../schemas/codec/event-codec.ts'
import { jsonOf } from '../../../schemas/codec/json.ts'
import { MemoryRegistry } from '../../../schemas/codec/memory-registry.ts'
import type { PaymentReceived } from '../../../schemas/generated/records.ts'

const payment: PaymentReceived = {
  ...defaultsOf('PaymentReceived'),
  eventId: '019aa9b0-0000-7000-8000-000000000001',
  tenantId: 'acme',
  aggregateType: 'payment',
  aggregateId: 'PAY-1',
  aggregateVersion: 1,
  schemaVersion: 1,
  occurredAt: Date.parse('2026-11-23T09:00:00.123Z'),
  recordedAt: Date.parse('2026-11-23T09:00:01Z'),
  actor: 'user:1',
  correlationId: null,
  causationId: 'cmd-9',
  paymentNumber: 'P-1',
  customerId: 'C-1',
  customerName: 'রহিম ট্রেডার্স',
  method: 'bkash',
  reference: '',
  currency: 'BDT',
  fxRate: 100_000_000n,
  paymentDate: 20_780,
  amount: 12_500_000n,
  allocations: [
    { invoiceId: 'INV-1', amount: 12_000_000n },
    { invoiceId: 'INV-2', amount: -1n },
  ],
  vdsWithheld: 1_875_000n,
  tdsWithheld: 128n,
  accountId: 'bank-2',
}

type Json = Record<string, unknown> & { fields: Record<string, unknown>[] }
const evolved = (change: (schema: Json) => void): Json => {
  const schema = structuredClone(SCHEMAS.PaymentReceived) as Json
  change(schema)
  return schema
}

/** Bytes of a two's complement number, by text: another way than the code under test. */
const twosComplement = (value: bigint): Buffer => {
  for (let bytes = 1; ; bytes++) {
    if (BigInt.asIntN(bytes * 8, value) !== value) continue
    return Buffer.from(
      BigInt.asUintN(bytes * 8, value)
        .toString(16)
        .padStart(bytes * 2, '0'),
      'hex',
    )
  }
}

describe('the record codec', () => {
  const registry = new MemoryRegistry()
  let codec: RecordCodec
  let bytes: Buffer
  beforeAll(async () => {
    codec = await RecordCodec.open(registry)
    bytes = codec.encode('PaymentReceived', payment)
  })

  const failure = (value: Buffer | null, by = codec): DecodeFailure => {
    const decoded = by.decode(value)
    if (decoded.ok) throw new Error('it was decoded')
    return decoded
  }
  const reframed = (id: number, body = bytes.subarray(5)) => {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(id, 1)
    return Buffer.concat([head, body])
  }

  it('gives back what it was given, with the id of its schema', async () => {
    const id = await registry.idOf('PaymentReceived')
    expect(bytes[0]).toBe(0)
    expect(bytes.readUInt32BE(1)).toBe(id)
    expect(codec.decode(bytes)).toEqual({ ok: true, type: 'PaymentReceived', schemaId: id, data: payment })
  })

  it('writes the bytes that a plain Avro library writes', () => {
    const plain = avro.Type.forSchema(SCHEMAS.PaymentReceived as avro.Schema, { wrapUnions: 'never' })
    const body = plain.toBuffer({
      ...payment,
      fxRate: twosComplement(payment.fxRate),
      amount: twosComplement(payment.amount),
      vdsWithheld: twosComplement(payment.vdsWithheld),
      tdsWithheld: twosComplement(payment.tdsWithheld),
      allocations: payment.allocations.map((a) => ({ ...a, amount: twosComplement(a.amount) })),
    })
    expect(bytes.subarray(5).toString('hex')).toBe(body.toString('hex'))
  })

  it('keeps every amount of its precision exactly', () => {
    const limit = 10n ** 18n - 1n
    const near = [1n, 127n, 128n, 255n, 32_767n, 32_768n, 1n << 31n, 1n << 39n, 1n << 47n, 1n << 55n, limit]
    const amounts = [
      0n,
      ...near.flatMap((n) => [n - 1n, n, -n, -n - 1n]).filter((n) => n <= limit && n >= -limit),
    ]
    for (const amount of amounts) {
      const decoded = codec.decode(codec.encode('PaymentReceived', { ...payment, amount }))
      expect(decoded.ok && decoded.type === 'PaymentReceived' && decoded.data.amount).toBe(amount)
    }
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (total) => {
        const buckets = { current: total, days1To30: 0n, days31To60: 0n, days61To90: 0n, over90: -total }
        const aging = {
          tenantId: 'acme',
          family: 'aging.receivables',
          slice: '',
          kind: 'CURRENT' as const,
          epoch: 1,
          revision: 2,
          asOf: 1,
          logTime: 3,
          currency: 'BDT',
          customerName: '',
          due: buckets,
          posting: buckets,
          unapplied: 0n,
          disputed: 0n,
          total,
          openItems: 0,
        }
        const decoded = codec.decode(codec.encode('AgingResult', aging))
        expect(decoded).toMatchObject({ ok: true, data: aging })
      }),
    )
  })

  it('refuses to write what the schema does not allow, and names the field', () => {
    const broken = (change: object) => () =>
      codec.encode('PaymentReceived', { ...payment, ...change } as PaymentReceived)
    expect(broken({ amount: 10n ** 18n })).toThrow(
      /cannot encode PaymentReceived: amount is 1000000000000000000n/,
    )
    expect(broken({ amount: 12.5 })).toThrow(/amount is 12.5/)
    expect(broken({ customerId: null })).toThrow(/customerId is null/)
    expect(broken({ paymentDate: 1.5 })).toThrow(/paymentDate/)
    expect(broken({ paymentDate: 4_000_000 })).toThrow(/paymentDate/)
    expect(broken({ occurredAt: Number.NaN })).toThrow(/occurredAt/)
    expect(broken({ allocations: [{ invoiceId: 'x', amount: '1' }] })).toThrow(/allocations.0.amount is "1"/)
    expect(codec.decode(bytes)).toMatchObject({ ok: true })
  })

  it('writes records larger than its buffer', () => {
    const allocations = Array.from({ length: 20_000 }, (_, i) => ({
      invoiceId: `INV-${i}`,
      amount: BigInt(i),
    }))
    const decoded = codec.decode(codec.encode('PaymentReceived', { ...payment, allocations }))
    expect(decoded).toMatchObject({ ok: true, data: { allocations } })
  })

  it('names what is not a framed record', () => {
    expect(failure(null)).toMatchObject({ code: 'bad_magic', message: 'no value' })
    expect(failure(Buffer.alloc(4))).toMatchObject({ code: 'bad_magic' })
    expect(failure(Buffer.from('{"json":true}'))).toMatchObject({
      code: 'bad_magic',
      message: 'first byte is 123, not 0',
    })
    expect(failure(reframed(99_999))).toMatchObject({ code: 'unknown_schema', schemaId: 99_999 })
  })

  it('refuses every prefix of a record, and bytes after it', () => {
    for (let n = 5; n < bytes.length; n++) expect(failure(bytes.subarray(0, n)).code).toBe('undecodable')
    expect(failure(Buffer.concat([bytes, Buffer.from([0])]))).toMatchObject({
      code: 'undecodable',
      message: 'PaymentReceived: 1 bytes after the record',
    })
  })

  it('survives any damage to the bytes, quickly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 6), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (hits) => {
          const damaged = Buffer.from(bytes)
          for (const [at, value] of hits) damaged[5 + at] = value
          const decoded = codec.decode(damaged)
          // Damage inside a text cannot be seen; what is decoded must be whole.
          if (decoded.ok) codec.encode(decoded.type as 'PaymentReceived', decoded.data as PaymentReceived)
          else expect(decoded.code).toBe('undecodable')
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('refuses an array that claims more items than it has bytes, without trying to make it', () => {
    const none = { allocations: [], vdsWithheld: 0n, tdsWithheld: 0n, accountId: null }
    const whole = codec.encode('PaymentReceived', { ...payment, ...none })
    // The empty array is one zero byte before the last three fields: replace it by a count of 2^40.
    const [array, lastFields] = [Buffer.from([0]), Buffer.from([2, 0, 2, 0, 0])]
    const at = whole.length - lastFields.length - array.length
    expect(whole.subarray(at)).toEqual(Buffer.concat([array, lastFields]))
    const count = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x40])
    const forged = Buffer.concat([whole.subarray(0, at), count, lastFields])
    const from = performance.now()
    expect(failure(forged)).toMatchObject({
      code: 'undecodable',
      message: expect.stringContaining('items in too few bytes'),
    })
    expect(performance.now() - from).toBeLessThan(100)
  })

  describe('with the schema of another writer', () => {
    const decodeAs = async (schema: Json, value: object) => {
      const id = registry.add(schema)
      const writer = avro.Type.forSchema(schema as unknown as avro.Schema, { wrapUnions: 'never' })
      const raw = {
        ...payment,
        fxRate: twosComplement(1n),
        amount: twosComplement(7n),
        vdsWithheld: twosComplement(2n),
        tdsWithheld: twosComplement(3n),
        allocations: [],
      }
      const own = new RecordCodec(registry, { missingPauseMs: 1 })
      expect(await own.prepare(id)).toBe(true)
      return own.decode(reframed(id, writer.toBuffer({ ...raw, ...value })))
    }

    it('reads a record with a field that came later', async () => {
      const newer = evolved((s) => s.fields.push({ name: 'branch', type: 'string', default: '' }))
      const decoded = await decodeAs(newer, { branch: 'Dhaka' })
      expect(decoded).toMatchObject({
        ok: true,
        data: { amount: 7n, fxRate: 1n, allocations: [], vdsWithheld: 2n, tdsWithheld: 3n },
      })
      expect(decoded.ok && 'branch' in decoded.data).toBe(false)
    })

    it('fills a field that the writer did not know with its default', async () => {
      const older = evolved((s) => {
        const later = ['method', 'allocations', 'vdsWithheld', 'accountId']
        s.fields = s.fields.filter((f) => !later.includes(f['name'] as string))
      })
      expect(await decodeAs(older, {})).toMatchObject({
        ok: true,
        data: { method: 'bank', allocations: [], vdsWithheld: 0n, tdsWithheld: 3n, accountId: null },
      })
    })

    it('treats a change of docs alone as the same schema', async () => {
      const other = evolved((s) => {
        s['doc'] = 'Other words.'
      })
      expect(await decodeAs(other, {})).toMatchObject({ ok: true, data: { amount: 7n } })
    })

    it('does not read a decimal of one scale as another', async () => {
      const other = evolved((s) => {
        const amount = s.fields.find((f) => f['name'] === 'amount') as { type: object }
        amount.type = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 }
      })
      const decoded = await decodeAs(other, {})
      expect(decoded).toMatchObject({ ok: false, code: 'undecodable' })
    })

    it('says so when the record is not one of ours', async () => {
      const id = registry.add({ type: 'record', name: 'Order', namespace: 'shop', fields: [] })
      await codec.prepare(id)
      expect(failure(reframed(id))).toMatchObject({
        code: 'unknown_record',
        message: expect.stringContaining('shop.Order'),
      })
    })

    it('says so when a result stands where events are expected', () => {
      const result = codec.encode('KpiResult', {
        tenantId: 'a',
        family: 'kpi',
        slice: '',
        kind: 'CLOSE',
        epoch: 1,
        revision: 1,
        asOf: 1,
        logTime: 1,
        currency: 'BDT',
        windows: [],
      })
      expect(codec.decode(result).ok).toBe(true)
      expect(codec.decodeEvent(result)).toMatchObject({ ok: false, code: 'unknown_record' })
    })
  })

  describe('preparing an id', () => {
    it('asks the registry once for many, and remembers', async () => {
      const own = new MemoryRegistry()
      const id = own.add(SCHEMAS.Tick)
      const fresh = new RecordCodec(own)
      expect(fresh.wants(reframed(id))).toBe(id)
      expect(await Promise.all([fresh.prepare(id), fresh.prepare(id), fresh.prepare(id)])).toEqual([
        true,
        true,
        true,
      ])
      expect(await fresh.prepare(id)).toBe(true)
      expect(fresh.wants(reframed(id))).toBeUndefined()
      expect(own.fetches).toBe(1)
    })

    it('waits for an id the registry does not have yet', async () => {
      const own = new MemoryRegistry()
      const fresh = new RecordCodec(own, { missingPauseMs: 20, missingTries: 10 })
      setTimeout(() => own.add(SCHEMAS.Tick), 50)
      expect(await fresh.prepare(1)).toBe(true)
    })

    it('holds the answer "no such id" for a while, then asks again', async () => {
      let now = 0
      const own = new MemoryRegistry()
      const fresh = new RecordCodec(own, { missingTries: 1, negativeMs: 1_000, nowMs: () => now })
      expect(await fresh.prepare(1)).toBe(false)
      own.add(SCHEMAS.Tick)
      expect(await fresh.prepare(1)).toBe(false)
      expect(fresh.wants(reframed(1))).toBeUndefined()
      expect(own.fetches).toBe(1)
      now = 1_001
      expect(fresh.wants(reframed(1))).toBe(1)
      expect(await fresh.prepare(1)).toBe(true)
    })

    it('rejects while the registry is away, and calls no record bad for it', async () => {
      const own = new MemoryRegistry()
      const id = own.add(SCHEMAS.Tick)
      own.failure = new Error('away')
      const fresh = new RecordCodec(own)
      await expect(fresh.prepare(id)).rejects.toThrow('away')
      own.failure = undefined
      expect(await fresh.prepare(id)).toBe(true)
    })
  })

  it('refuses to open for a schema that is not registered', async () => {
    const own = new MemoryRegistry()
    own.failure = new Error('not registered')
    await expect(RecordCodec.open(own)).rejects.toThrow('not registered')
  })
})

describe('the JSON form', () => {
  it('has amounts as decimal text, days as dates and instants as RFC 3339', () => {
    expect(jsonOf('PaymentReceived', payment)).toMatchObject({
      amount: '1250.0000',
      fxRate: '1.00000000',
      paymentDate: '2026-11-23',
      occurredAt: '2026-11-23T09:00:00.123Z',
      correlationId: null,
      customerName: 'রহিম ট্রেডার্স',
      aggregateVersion: 1,
      allocations: [
        { invoiceId: 'INV-1', amount: '1200.0000' },
        { invoiceId: 'INV-2', amount: '-0.0001' },
      ],
    })
  })

  it('is plain JSON for every record, with every field', () => {
    for (const type of ALL_TYPES) {
      const record = AVRO_TYPES[type] as avro.types.RecordType
      const value = emptyOf(record) as never
      const json = jsonOf(type, value)
      expect(JSON.parse(JSON.stringify(json))).toEqual(json)
      expect(Object.keys(json)).toEqual(record.fields.map((f) => f.name))
    }
  })
})

function emptyOf(type: avro.Type): unknown {
  if (type instanceof avro.types.RecordType) {
    return Object.fromEntries(type.fields.map((f) => [f.name, emptyOf(f.type)]))
  }
  if (type.typeName.startsWith('logical:decimal')) return 1n
  if (type.typeName.startsWith('logical:')) return 1
  if (type.typeName === 'array') return [emptyOf((type as avro.types.ArrayType).itemsType)]
  if (type.typeName === 'map') return { key: emptyOf((type as avro.types.MapType).valuesType as avro.Type) }
  if (type.typeName === 'union:unwrapped') return null
  if (type instanceof avro.types.EnumType) return type.symbols[0]
  const simple: Record<string, unknown> = {
    string: 's',
    int: 1,
    long: 1,
    boolean: true,
    bytes: Buffer.from('b'),
  }
  return simple[type.typeName]
}

describe('the schemas', () => {
  it('begin every event with the same envelope, in the same order', () => {
    const envelope = (SCHEMAS.Tick as Json).fields.slice(0, 11)
    for (const type of ALL_TYPES) {
      const { fields } = SCHEMAS[type] as Json
      if (fields[0]?.['name'] === 'eventId') expect([type, fields.slice(0, 11)]).toEqual([type, envelope])
    }
  })

  it('have no union at the top, and a default on every enum', () => {
    const enums: Record<string, unknown>[] = []
    JSON.stringify(
      ALL_TYPES.map((type) => SCHEMAS[type]),
      (_, value: unknown) => {
        if ((value as { type?: unknown } | null)?.type === 'enum')
          enums.push(value as Record<string, unknown>)
        return value
      },
    )
    expect(enums.length).toBeGreaterThan(0)
    for (const one of enums) expect(one['symbols']).toContain(one['default'])
    for (const type of ALL_TYPES) expect((SCHEMAS[type] as Json)['type']).toBe('record')
  })
})
