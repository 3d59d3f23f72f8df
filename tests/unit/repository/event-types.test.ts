/**
 * One list of event types: what there is follows from schemas/avro, which kind a type is of is in schemas/event-kinds.ts.
 * Another list anywhere in the product is found here, whether of (nearly) all types or of all types of a kind.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { EVENTS_OF, kindOf } from '../../../schemas/event-kinds.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const FOLDERS = ['schemas', 'platform', 'producers', 'processors', 'sinks', 'api', 'deploy'] as const
const HOME = 'schemas/event-kinds.ts'

/** Names of the records that begin with an eventId, read from the schemas themselves. */
const TYPES: readonly string[] = readdirSync(path.join(ROOT, 'schemas/avro'))
  .filter((name) => name.endsWith('.avsc'))
  .map((name) => JSON.parse(readFileSync(path.join(ROOT, 'schemas/avro', name), 'utf8')) as Schema)
  .filter(({ fields }) => fields[0]?.name === 'eventId')
  .map(({ name }) => name)
interface Schema {
  readonly name: string
  readonly fields: readonly { readonly name: string }[]
}

const KINDS = Object.entries<readonly string[]>(EVENTS_OF).map(
  ([kind, types]) => [kind, types.toSorted().join()] as const,
)
const namesIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/\b[A-Z]\w+\b/g)].map(([name]) => name).filter((name) => TYPES.includes(name)),
  ),
]

/** Lists in a file that say again what is in HOME. */
function listsIn(text: string): string[] {
  const found: string[] = []
  const all = namesIn(text)
  if (all.length > TYPES.length / 2)
    found.push(`names ${all.length} of ${TYPES.length} event types: use EVENT_TYPES or ${HOME}`)
  for (const [list] of text.matchAll(/\[\s*(?:'\w+'\s*,?\s*){2,}\]/g)) {
    const names = namesIn(list)
    const same = KINDS.find(([, types]) => types === names.toSorted().join())
    if (same !== undefined) found.push(`lists all events of ${same[0]}: use EVENTS_OF['${same[0]}']`)
  }
  return found
}

describe('the list of event types', () => {
  it('has every event of the schemas once', () => {
    expect(Object.values(EVENTS_OF).flat().toSorted()).toEqual(TYPES.toSorted())
    expect(kindOf('VendorPaymentSent')).toBe('vendor-payment')
  })

  it('is nowhere else in the product', () => {
    const found = FOLDERS.flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name) && !/node_modules|generated\//.test(name))
        .map((name) => `${folder}/${name}`)
        .filter((file) => file !== HOME)
        .flatMap((file) =>
          listsIn(readFileSync(path.join(ROOT, file), 'utf8')).map((what) => `${file} ${what}`),
        ),
    )
    expect(found).toEqual([])
  })

  it.each([
    [
      'finds all of a kind',
      `const X = new Set(['CustomerUpdated', 'CustomerCreated'])`,
      [expect.stringContaining('customer')],
    ],
    ['leaves some of a kind', `const X = [\n  'BillReceived',\n  'BillApproved',\n] // some of them`, []],
    [
      'finds all of them',
      `const X = { ${TYPES.map((type) => `${type}: 1`).join(', ')} }`,
      [expect.stringContaining('EVENT_TYPES')],
    ],
    ['leaves a few cases', `switch (type) { case 'Tick': case 'FxRateSet': }`, []],
  ])('%s', (_name, text, found) => {
    expect(listsIn(text)).toEqual(found)
  })
})
