/**
 * Owns the settings of single requests on the connection of a session: a request's settings hold for that request, as
 * on a real server, though the connection stays. Clients send the same ones with every request, so they are put back
 * only when a later request does not send them (a round to the engine costs more than most queries).
 * Z1: a setting that a request brought never holds for a request that does not bring it (an
 *     insert_deduplication_token that stuck would drop the next insert). Z2: before the client's own SET everything
 *     is put back, so that what it sets is what stays.
 */
import type { Connection } from './engine.ts'
import { literal, quotedName } from './lexer.ts'

interface Applied {
  /** undefined: nobody knows, since setting it failed. */
  readonly value: string | undefined
  readonly before: string | undefined
}

export class SessionState {
  readonly connection: Connection
  readonly #applied = new Map<string, Applied>()
  #database: string | undefined

  constructor(connection: Connection, database: string) {
    this.connection = connection
    this.#database = database
  }

  /** The client ran SET or USE: what it set stays. */
  touched(): void {
    this.#database = undefined
  }

  async use(database: string | undefined): Promise<void> {
    if (database === undefined || database === this.#database) return
    await this.connection.read(`USE ${quotedName(database)}`, 'Null')
    this.#database = database
  }

  async apply(settings: ReadonlyMap<string, string>, parameters: ReadonlyMap<string, string>): Promise<void> {
    const back: [string, string][] = []
    for (const [name, { before }] of this.#applied) {
      if (settings.has(name)) continue
      if (before !== undefined) back.push([name, before])
      this.#applied.delete(name)
    }
    const fresh = [...settings].filter(([name, value]) => this.#applied.get(name)?.value !== value)
    const before = await this.#values(fresh.map(([name]) => name).filter((name) => !this.#applied.has(name)))
    const note = (known: boolean): void => {
      for (const [name, value] of fresh) {
        const first = this.#applied.get(name)?.before ?? before.get(name)
        this.#applied.set(name, { value: known ? value : undefined, before: first })
      }
    }
    // Noted first: one of several may hold when the engine refuses another.
    note(false)
    const given = [...parameters].map(([name, value]) => [`param_${name}`, value] as const)
    await this.#set([...back, ...fresh, ...given])
    note(true)
  }

  async #values(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return new Map()
    const rows = await this.connection.rows<[string, string]>(
      `SELECT name, value FROM system.settings WHERE name IN (${names.map(literal).join(', ')})`,
    )
    return new Map(rows)
  }

  async #set(pairs: readonly (readonly [string, string])[]): Promise<void> {
    if (pairs.length === 0) return
    await this.connection.read(
      `SET ${pairs.map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`,
      'Null',
    )
  }
}
