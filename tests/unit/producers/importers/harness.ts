/** Runs an import with everything real but the HTTP side: what was sent, what was told. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Reference } from '../../../../producers/importers/check.ts'
import type { ItemOutcome } from '../../../../producers/importers/client.ts'
import { type BadRow, type ItemInput, loadKind } from '../../../../producers/importers/kind.ts'
import { parseMap, readMap } from '../../../../producers/importers/map.ts'
import { type ImportCounts, type ImportPlan, runImport } from '../../../../producers/importers/run.ts'

export interface Ran {
  readonly counts: ImportCounts
  readonly items: readonly ItemInput[]
  readonly batches: readonly (readonly ItemInput[])[]
  readonly bad: readonly BadRow[]
}

export interface RunOptions {
  readonly name?: string
  /** Of a map, or the name of a shipped one. */
  readonly map?: object | string
  readonly plan?: Partial<ImportPlan>
  /** What the service answers to an item. */
  readonly answer?: (item: ItemInput) => ItemOutcome
  readonly missing?: (references: readonly Reference[]) => readonly Reference[] | undefined
}

export function fileOf(content: string | Uint8Array | readonly string[], name = 'file.csv'): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'nikash-import-')), name)
  writeFileSync(file, Array.isArray(content) ? `${content.join('\n')}\n` : (content as string))
  return file
}

const accepted = (item: ItemInput): ItemOutcome => ({ status: 'accepted', id: String(item.body['id']) })

export async function run(kind: string, file: string, options: RunOptions = {}): Promise<Ran> {
  const { map, plan, answer = accepted, missing = () => [] } = options
  const batches: (readonly ItemInput[])[] = []
  const bad: BadRow[] = []
  const given =
    typeof map === 'string'
      ? readMap(map)
      : map === undefined
        ? undefined
        : parseMap(JSON.stringify(map), 'map')
  const counts = await runImport(
    {
      kind: await loadKind(kind),
      file,
      currency: undefined,
      map: given,
      sheet: undefined,
      cutOff: undefined,
      importId: 'test',
      dryRun: false,
      ...plan,
    },
    {
      batch: (_id, items) => {
        batches.push(items)
        return Promise.resolve(items.map(answer))
      },
      missing: (references) => Promise.resolve(missing(references)),
    },
    { onStart: () => Promise.resolve({}), onBad: (row) => bad.push(row), onProgress: () => undefined },
  )
  return { counts, items: batches.flat(), batches, bad }
}

export const bodies = (ran: Ran, type?: string): readonly ItemInput['body'][] =>
  ran.items.filter((item) => type === undefined || item.type === type).map((item) => item.body)
