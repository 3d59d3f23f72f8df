/**
 * Owns which functions an analyst may call: an allow-list, made from the engine's own catalogue by category, so that a
 * new engine's new functions are refused until somebody has looked at them. PURE.
 *
 * Out on purpose: file (reads the disk, even with readonly=1), dictionaries, joinGet (reads tables without filters),
 * ai* and other callers of networks, introspection, sleep, whatever tells about the machine or changes shared state.
 */
export interface FunctionRow {
  readonly name: string
  readonly aggregate: boolean
  readonly caseInsensitive: boolean
  readonly aliasTo: string
  readonly categories: string
  readonly origin: string
}

const CATEGORIES = new Set([
  'Arithmetic',
  'Arrays',
  'Bit',
  'Bitmap',
  'Comparison',
  'Conditional',
  'Dates and Times',
  'Distance',
  'Encoding',
  'Financial',
  'Geo',
  'Geo Polygon',
  'Hash',
  'IP Address',
  'JSON',
  'Logical',
  'Map',
  'Mathematical',
  'Null',
  'Random Number',
  'Rounding',
  'String',
  'String Replacement',
  'String Search',
  'String Splitting',
  'Time Window',
  'Tuple',
  'Type Conversion',
  'URL',
  'UUID',
])

/** Of the category Other and of none, by name. */
const NAMED: readonly string[] = `
  bar identity ignore materialize transform version byteSize toTypeName toColumnTypeName isConstant
  displayName visibleWidth countDigits isDecimalOverflow formatReadableDecimalSize formatReadableQuantity
  formatReadableSize formatReadableTimeDelta parseReadableSize parseReadableSizeOrNull
  parseReadableSizeOrZero parseTimeDelta currentDatabase currentSchemas currentUser currentRoles
  enabledRoles authenticatedUser runningDifference runningDifferenceStartingWithFirstValue
  runningAccumulate neighbor rowNumberInAllBlocks rowNumberInBlock finalizeAggregation
  initializeAggregation defaultValueOfArgumentType defaultValueOfTypeName variantElement variantType
  getSubcolumn dumpColumnStructure getSizeOfEnumType hostName uptime getSetting getSettingOrDefault
  connectionId queryID initialQueryID formatQuery formatQuerySingleLine normalizeQuery seriesDecomposeSTL
  seriesOutliersDetectTukey seriesPeriodDetectFFT timeSeriesRange minSampleSizeContinuous
  minSampleSizeConversion nested caseWithExpression timezone
`
  .trim()
  .split(/\s+/)

/** Forms of the language that the parser writes as functions. */
const SYNTAX = ['lambda', 'exists', 'cast', 'array', 'tuple', 'interval', 'untuple', 'grouping', 'distinct']

/** In the allowed categories, and yet not harmless. */
const REFUSED = new Set(['file', 'sleep', 'sleepEachRow', 'throwIf', 'formatRow', 'formatRowNoNewline'])

const COMBINATORS =
  'If|Array|Map|Distinct|OrNull|OrDefault|OrFill|ForEach|Resample|State|SimpleState|Merge|MergeState|ArgMin|ArgMax|Null'
const COMBINED = new RegExp(`(${COMBINATORS})$`)

export class AllowedFunctions {
  readonly #exact = new Set<string>()
  readonly #anyCase = new Set<string>()
  readonly #aggregates = new Set<string>()

  constructor(rows: readonly FunctionRow[]) {
    const named = new Set(NAMED)
    const byName = new Map(rows.map((row) => [row.name, row]))
    const allowed = (row: FunctionRow): boolean => {
      // A function somebody created can hold any expression.
      if (row.origin !== 'System' || REFUSED.has(row.name)) return false
      if (row.aggregate || named.has(row.name) || CATEGORIES.has(row.categories)) return true
      const target = row.aliasTo === '' ? undefined : byName.get(row.aliasTo)
      return target !== undefined && target.aliasTo === '' && allowed(target)
    }
    for (const row of rows) {
      if (!allowed(row)) continue
      this.#exact.add(row.name)
      if (row.caseInsensitive) this.#anyCase.add(row.name.toLowerCase())
      if (row.aggregate) this.#aggregates.add(row.caseInsensitive ? row.name.toLowerCase() : row.name)
    }
    for (const name of SYNTAX) this.#exact.add(name)
  }

  get size(): number {
    return this.#exact.size
  }

  has(name: string): boolean {
    if (this.#exact.has(name) || this.#anyCase.has(name.toLowerCase())) return true
    // sumIf, uniqExactOrNullIf: an aggregate with combinators, a handful at most.
    let rest = name
    for (let index = 0; index < 6 && COMBINED.test(rest); index += 1) {
      rest = rest.replace(COMBINED, '')
      if (this.#aggregates.has(rest) || this.#aggregates.has(rest.toLowerCase())) return true
    }
    return false
  }
}

/** Table functions that make rows out of their arguments alone. */
export const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateSeries',
  'generate_series',
  'values',
])
