/** Owns which known names a mistyped one may have meant. PURE. Refuses: guessing where nothing is near. */

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')

/** Letters to insert, drop, change or swap with their neighbour. */
export const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const at = (k: number, l: number): number => (k === i ? row[l] : rows[k]?.[l]) ?? 0
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}

/** The nearest first: few wrong letters, or all of the words in it, whatever their case and what is between them. */
export const nearNames = (name: string, known: readonly string[], max = 6): readonly string[] => {
  const asked = wordsOf(name)
  const letters = asked.join('')
  if (letters === '') return []
  const near = known.flatMap((one) => {
    const other = wordsOf(one).join('')
    const wrong = distance(letters, other)
    if (wrong <= Math.max(1, Math.floor(letters.length / 3))) return [{ one, rank: wrong }]
    // A word with a wrong letter is the work of the rule above; here all words are right, and some are missing.
    return asked.every((word) => other.includes(word)) ? [{ one, rank: 100 + other.length }] : []
  })
  return near
    .sort((a, b) => a.rank - b.rank)
    .slice(0, max)
    .map(({ one }) => one)
}
