/** Owns the drawn form of the flow: nodes in columns from left to right, one line per edge. Refuses: fonts or scripts from outside. */

export type Edge = readonly [from: string, to: string]

const BOX = { width: 190, height: 34, across: 70, down: 16, margin: 20 }

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** A node stands right of everything that leads to it. The flow has no circles; one would stop growing at its size. */
export const columnsOf = (edges: readonly Edge[]): string[][] => {
  const column = new Map<string, number>()
  for (const [from, to] of edges) for (const name of [from, to]) column.set(name, 0)
  for (let round = 0; round < column.size; round += 1) {
    for (const [from, to] of edges) {
      column.set(to, Math.min(column.size, Math.max(column.get(to) ?? 0, (column.get(from) ?? 0) + 1)))
    }
  }
  const columns: string[][] = []
  for (const [name, at] of column) (columns[at] ??= []).push(name)
  return columns.filter((names) => names !== undefined)
}

/** `notes`: more lines for a node. `round`: drawn as a log. */
export const svgOf = (
  edges: readonly Edge[],
  options: { readonly round: ReadonlySet<string>; readonly notes: ReadonlyMap<string, readonly string[]> },
): string => {
  const columns = columnsOf(edges)
  const heightOf = (name: string): number => BOX.height + 14 * (options.notes.get(name)?.length ?? 0)
  const places = new Map<string, { x: number; y: number; height: number }>()
  let height = 0
  for (const [index, names] of columns.entries()) {
    let y = BOX.margin
    for (const name of names) {
      places.set(name, { x: BOX.margin + index * (BOX.width + BOX.across), y, height: heightOf(name) })
      y += heightOf(name) + BOX.down
    }
    height = Math.max(height, y + BOX.margin)
  }
  const width = 2 * BOX.margin + columns.length * (BOX.width + BOX.across) - BOX.across
  const lines = edges.map(([from, to]) => {
    const [a, b] = [places.get(from), places.get(to)]
    if (a === undefined || b === undefined) return ''
    const [x1, y1, x2, y2] = [a.x + BOX.width, a.y + a.height / 2, b.x, b.y + b.height / 2]
    const bend = (x2 - x1) / 2
    return `<path d="M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2 - 6},${y2}" marker-end="url(#tip)"/>`
  })
  const boxes = [...places].map(([name, { x, y, height: tall }]) => {
    const texts = [name, ...(options.notes.get(name) ?? [])].map(
      (text, line) =>
        `<text x="${x + 10}" y="${y + 21 + 14 * line}"${line === 0 ? ' class="name"' : ''}>${escaped(text)}</text>`,
    )
    const corner = options.round.has(name) ? 16 : 3
    return `<rect x="${x}" y="${y}" width="${BOX.width}" height="${tall}" rx="${corner}"/>${texts.join('')}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The flow of data">`,
    '<style>rect{fill:#f4f6fa;stroke:#44546a}path{fill:none;stroke:#8493a8}text{font:11px sans-serif;fill:#44546a}' +
      '.name{font-weight:600;font-size:12px;fill:#1b2738}</style>',
    '<defs><marker id="tip" viewBox="0 0 6 6" refX="0" refY="3" markerWidth="6" markerHeight="6" orient="auto">' +
      '<path d="M0,0 L6,3 L0,6 z" style="fill:#8493a8"/></marker></defs>',
    ...lines,
    ...boxes,
    '</svg>',
  ].join('\n')
}
