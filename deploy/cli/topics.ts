/**
 * Owns `topics`: what the broker has, beside what the catalogue says. Refuses: calling an offset "records": offsets of a
 * transactional topic count markers too.
 */
import { CATALOGUE } from '../../schemas/topics.ts'
import { EXIT, type ExitCode } from '../local/errors.ts'
import type { DataOption } from './access.ts'
import { withKafka } from './kafka-access.ts'
import { print, printJson, table } from './output.ts'
import { partitionsOf } from './records.ts'

export type LookOptions = DataOption & { readonly output?: 'json' | 'table' }

export const topics = (options: LookOptions): Promise<ExitCode> =>
  withKafka(options, async ({ port }) => {
    const admin = await port.admin()
    const names = (await admin.listTopics()).filter((name) => !name.startsWith('__'))
    const catalogue = new Map(CATALOGUE.map((spec) => [spec.name, spec]))
    const missing = CATALOGUE.filter((spec) => !names.includes(spec.name)).map((spec) => spec.name)
    const found = await Promise.all(
      [...names].sort().map(async (name) => {
        const partitions = await partitionsOf(admin, name)
        const bounds = await admin.bounds(name, partitions)
        const spec = catalogue.get(name)
        return {
          topic: name,
          partitions: partitions.length,
          offsets: bounds.reduce((sum, bound) => sum + bound.high - bound.low, 0),
          cleanup: spec?.config['cleanup.policy'] ?? '?',
          ours: spec !== undefined,
          asCatalogued: spec === undefined || spec.partitions === partitions.length,
          about: spec?.doc ?? 'not in the catalogue',
        }
      }),
    )
    const fine = missing.length === 0 && found.every((topic) => topic.asCatalogued)
    if (options.output === 'json') {
      printJson({ topics: found, missing })
    } else {
      const rows = found.map((topic) => [
        topic.topic,
        `${topic.partitions}${topic.asCatalogued ? '' : ' (differs from the catalogue!)'}`,
        String(topic.offsets),
        topic.cleanup,
        topic.about,
      ])
      print(table(['topic', 'partitions', 'offsets', 'cleanup', 'about'], rows))
      for (const name of missing) print(`missing: ${name} (./nikash up creates it)`)
    }
    return fine ? EXIT.fine : EXIT.finding
  })
