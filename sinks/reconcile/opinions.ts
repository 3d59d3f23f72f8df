/**
 * Which store says something else. PURE: owns the comparison of what several stores say of the same figures at the same
 * place in the log. Refuses: knowing where a figure comes from.
 * O1: figures are compared as exact decimals: 1250.00 is 1250, and a poisha is a difference. O2: a figure that is not
 *     there is 0, so a settled customer who is still listed equals one who is not. O3: who is alone is named: with two of
 *     three agreeing, the third is the one that differs; where no side has more voices, all are.
 */

export type StoreName = 'stream' | 'redis' | 'clickhouse' | 'event_store' | 'journal_lines'

export interface Opinion {
  readonly store: StoreName
  /** Decimal text by name of the figure. */
  readonly figures: ReadonlyMap<string, string>
}

export interface Mismatch {
  readonly figure: string
  /** What each store says. */
  readonly said: Readonly<Partial<Record<StoreName, string>>>
  /** Stores that differ from the rest (O3). */
  readonly odd: readonly StoreName[]
}

/** O1: without zeros that say nothing. */
export function plainDecimal(text: string): string {
  const whole = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text
  return whole === '-0' || whole === '' ? '0' : whole
}

export function compareOpinions(opinions: readonly Opinion[]): Mismatch[] {
  const names = new Set(opinions.flatMap(({ figures }) => [...figures.keys()]))
  const found: Mismatch[] = []
  for (const figure of names) {
    const voices = new Map<string, StoreName[]>()
    for (const { store, figures } of opinions) {
      const value = plainDecimal(figures.get(figure) ?? '0')
      const same = voices.get(value)
      if (same === undefined) voices.set(value, [store])
      else same.push(store)
    }
    if (voices.size <= 1) continue
    const said: Partial<Record<StoreName, string>> = {}
    for (const [value, stores] of voices) for (const store of stores) said[store] = value
    found.push({ figure, said, odd: oddOf([...voices.values()]) })
  }
  return found
}

/** O3. */
function oddOf(sides: readonly (readonly StoreName[])[]): StoreName[] {
  const most = Math.max(...sides.map((stores) => stores.length))
  const largest = sides.filter((stores) => stores.length === most)
  return sides.filter((stores) => largest.length > 1 || stores !== largest[0]).flat()
}
