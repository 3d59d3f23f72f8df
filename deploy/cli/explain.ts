/**
 * Owns `explain`: why a KPI has its value, as the API says it (GET /v1/kpis/{name}/explain). Exit code 1 when the documents
 * of an input do not sum to it. Refuses: figuring anything itself.
 *
 * E1  what is printed is one state of the books: figures that moved between the reads of two inputs, or facts that are
 *     still behind the live figures, are read again, for a few seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { MEASURES } from '../../schemas/rules/kpis.ts'
import { WINDOWS } from '../../schemas/rules/windows.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { differing, type Explanation, explanationText } from './explain-text.ts'
import { call, expectSuccess } from './http.ts'
import { requireTenant } from './identity.ts'
import { nearNames } from './near-names.ts'
import { print, printJson } from './output.ts'
import { allTenants } from './tenant.ts'
import { signToken } from './tokens.ts'

export type ExplainOptions = DataOption & {
  readonly kpi: string
  readonly tenant: string
  readonly window: string
  readonly asOf?: string
  readonly input?: string
  readonly limit: number
  readonly output?: 'json' | 'table'
}

const TOKEN_LIFE_MS = 600_000
const PAGE_ROWS = 500
const READS_MAX = 10
const READ_AGAIN_MS = 500

const unknown = (what: string, name: string, known: readonly string[], more: string): StackError => {
  const near = nearNames(name, known)
  const says = near.length > 0 ? `Near: ${near.join(', ')}.` : `There are: ${known.join(', ')}.`
  return new StackError('UNKNOWN_NAME', `There is no ${what} "${name}".`, `${says} ${more}`.trim(), {
    exitCode: EXIT.wrongUse,
  })
}

type Get = <T>(path: string, query?: Readonly<Record<string, string | undefined>>) => Promise<T>

const reader = async (options: ExplainOptions): Promise<Get> => {
  const { context } = openStack(options)
  const token = await signToken(context.secrets.jwtAccessSecret, {
    tenant: options.tenant,
    role: 'reader',
    subject: 'reader:nikash-cli',
    lifeMs: TOKEN_LIFE_MS,
  })
  return async <T>(path: string, query: Readonly<Record<string, string | undefined>> = {}) => {
    const given = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined)
    const answer = await call('GET', `${context.urls.api}${path}?${new URLSearchParams(given).toString()}`, {
      token,
    })
    return expectSuccess(`explain ${options.kpi}`, answer, 'api') as T
  }
}

/** A tenant that nobody registered and that has no live figures is a mistyped one. */
const requireKnown = async (get: Get, options: ExplainOptions): Promise<void> => {
  const { registered } = await get<{ readonly registered: boolean }>('/v1/tenant')
  if (registered) return
  const { watermark } = await get<{ readonly watermark: string | null }>('/v1/kpis')
  if (watermark !== null) return
  const tenants = (await allTenants(openStack(options))).map(({ tenantId }) => tenantId)
  if (!tenants.includes(options.tenant))
    throw unknown('tenant', options.tenant, tenants, './nikash tenant list shows them.')
}

/** One input with the first rows of its documents, in pages of the API. */
const readInput = async (get: Get, options: ExplainOptions, input?: string): Promise<Explanation> => {
  const { kpi, window, asOf, limit } = options
  let found: Explanation | undefined
  let left = limit
  do {
    const query = { window, asOf, input, limit: String(Math.min(left, PAGE_ROWS)) }
    const cursor = found?.page.nextCursor ?? undefined
    const page: Explanation = await get(`/v1/kpis/${kpi}/explain`, { ...query, cursor })
    found = found === undefined ? page : { ...found, data: [...found.data, ...page.data], page: page.page }
    left -= page.data.length
  } while (left > 0 && found.page.hasMore)
  return found
}

/** All inputs that have documents (E1); read at once, so that little can move in between. */
const readAll = async (get: Get, options: ExplainOptions): Promise<readonly Explanation[]> => {
  for (let reads = 1; ; reads++) {
    const first = await readInput(get, options, options.input)
    const others =
      options.input === undefined
        ? first.inputs.filter(({ name, source }) => source !== null && name !== first.input)
        : []
    const found = [first, ...(await Promise.all(others.map(({ name }) => readInput(get, options, name))))]
    if (differing(found).length === 0 || reads === READS_MAX) return found
    await sleep(READ_AGAIN_MS)
  }
}

export const explain = async (options: ExplainOptions): Promise<ExitCode> => {
  requireTenant(options.tenant)
  if (!MEASURES.includes(options.kpi)) throw unknown('KPI', options.kpi, MEASURES, 'All: docs/kpis.md.')
  if (!(WINDOWS as readonly string[]).includes(options.window))
    throw unknown('window', options.window, WINDOWS, '')
  const get = await reader(options)
  await requireKnown(get, options)
  if (options.input !== undefined) {
    const { inputs } = await readInput(get, { ...options, limit: 1 })
    const known = inputs.filter(({ source }) => source !== null).map(({ name }) => name)
    if (!known.includes(options.input)) throw unknown(`input of ${options.kpi}`, options.input, known, '')
  }
  if (options.output === 'json') {
    printJson(await readInput(get, options, options.input))
    return EXIT.fine
  }
  const found = await readAll(get, options)
  print(explanationText(options.tenant, found))
  return differing(found).length === 0 ? EXIT.fine : EXIT.finding
}
