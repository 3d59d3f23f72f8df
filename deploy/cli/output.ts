/** Owns how the command line prints: aligned tables, JSON, durations. Refuses: colours in what programs read. */

export const print = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

export const note = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

export const printJson = (value: unknown): void => {
  print(
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part), 2),
  )
}

/** Columns as wide as their widest cell; no trailing spaces. */
export const table = (header: readonly string[], rows: ReadonlyArray<readonly string[]>): string => {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours}h${String(minutes % 60).padStart(2, '0')}m`
  return `${Math.floor(hours / 24)}d`
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `10m`, `1h`, `7d` in milliseconds; undefined when it is none of these. */
export const parseDuration = (text: string): number | undefined => {
  const match = /^(\d{1,6})([smhd])$/.exec(text.trim())
  const unit = UNITS_MS[match?.[2] ?? '']
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit
}

export const megabytes = (kilobytes: number): string => `${Math.round(kilobytes / 1024)} MB`
