/** Owns what a person sees of past imports: the list, one of them, and taking one back. */
import { CommandClient, type ImportInfo } from './client.ts'
import { explain, type ImportIo } from './cli.ts'
import { type Left, undoImport } from './undo.ts'
import { WrongUse } from './wrong-use.ts'

export interface PastImportOptions {
  readonly commandsUrl: string
  readonly token: string
  readonly output?: 'table' | 'json'
  readonly patienceMs?: number
}

const LISTED_MAX = 200

/** 0 all is taken back, 1 something could not be, 2 no such import, 3 a part is down. */
export async function undo(id: string, options: PastImportOptions, io: ImportIo): Promise<0 | 1 | 2 | 3> {
  const json = options.output === 'json'
  const listed: Left[] = []
  let notListed = 0
  try {
    const client = new CommandClient(options)
    await known(client, id)
    const counts = await undoImport(id, client, (left) => {
      if (listed.length >= LISTED_MAX) notListed++
      else {
        listed.push(left)
        if (!json) io.err(`${left.type} ${left.id}: ${left.reason}`)
      }
    })
    if (json) io.out(JSON.stringify({ importId: id, ...counts, notUndone: listed, notListed }))
    else {
      if (notListed > 0) io.err(`... and ${notListed} more`)
      io.out(`import ${id}: ${counts.undone} undone, ${counts.already} before, ${counts.left} could not be`)
    }
    return counts.left > 0 ? 1 : 0
  } catch (error) {
    return explain(error, {}, io)
  }
}

async function known(client: CommandClient, id: string): Promise<ImportInfo> {
  const info = await client.importOf(id)
  if (info) return info
  throw new WrongUse(`there is no import ${id}: ./nikash import list shows those there are`)
}

const lineOf = ({ importId, firstAt, events, undone }: ImportInfo): string =>
  `${importId}  ${firstAt}  ${events} events${undone > 0 ? `, ${undone} taken back` : ''}`

export async function list(options: PastImportOptions, io: ImportIo): Promise<0 | 2 | 3> {
  try {
    const client = new CommandClient(options)
    const all: ImportInfo[] = []
    let cursor: string | undefined
    do {
      const { data, page } = await client.imports(cursor)
      all.push(...data)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    if (options.output === 'json') io.out(JSON.stringify(all))
    else if (all.length === 0) io.out('nothing was imported')
    else for (const info of all) io.out(lineOf(info))
    return 0
  } catch (error) {
    return explain(error, {}, io)
  }
}

export async function show(id: string, options: PastImportOptions, io: ImportIo): Promise<0 | 2 | 3> {
  try {
    const client = new CommandClient(options)
    const info = await known(client, id)
    const kinds = new Map<string, number>()
    for (const part of ['documents', 'masters'] as const) {
      let cursor: string | undefined
      do {
        const { data, page } = await client.imported(id, part, cursor)
        for (const { type, status } of data) {
          const kind = status === null ? type : `${type} ${status.toLowerCase()}`
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        }
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
    }
    const created = Object.fromEntries([...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (options.output === 'json') io.out(JSON.stringify({ ...info, created }))
    else {
      io.out(lineOf(info))
      for (const [kind, count] of Object.entries(created)) io.out(`${kind}: ${count}`)
    }
    return 0
  } catch (error) {
    return explain(error, {}, io)
  }
}
