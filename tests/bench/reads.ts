/**
 * `./nikash bench reads`: how long reads take at a fixed rate, open-model, over two million facts of 500 tenants, beside
 * the same questions sent straight to the stores in the same run. Times are from when a question should have begun.
 * Parts, one after the other: today (KPIs of 30 days and aging of receivables, in turns) through the API, and straight from
 * Redis; other days (aging, and statements, in turns; every question another) through the API, straight from ClickHouse,
 * and through the API once more: then its answers are kept (docs/api.md).
 * R1: a run with a wrong answer does not count, and ends with 1. Every answer of today is compared with one that was
 * checked, every answer of another day is checked itself, against sums over what was written (reads/oracle.ts).
 * R2: facts stay; another run with the same --events and --tenants on the same day finds and uses them.
 */
import { parseArgs } from 'node:util'
import { dayAt } from '../../schemas/values/calendar.ts'
import { signToken } from '../support/tokens.ts'
import { Lines } from './lines.ts'
import { need, now, openLoad, percentilesOf } from './open-model.ts'
import { companies } from './reads/documents.ts'
import { liveQuestions, pastQuestions, wrongIn } from './reads/questions.ts'
import { openStraight } from './reads/straight.ts'
import { writeFacts, writeFigures } from './reads/write.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '2000000' },
    tenants: { type: 'string', default: '500' },
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '20' },
    output: { type: 'string', short: 'o', default: 'text' },
  },
})
const seconds = Number(values.seconds)
const rates = { live: Number(values.rate), past: Math.max(1, Math.round(Number(values.rate) / 40)) }
const GOAL_P99_MS = { live: 50, past: 150 }
const SOCKETS_MAX = 400
const EXAMPLES_MAX = 3
const TOKEN_SECONDS = 7_200

const stores = {
  clickhouseUrl: need('CLICKHOUSE_URL', 'reads'),
  clickhouseUser: need('CLICKHOUSE_USER', 'reads'),
  clickhousePassword: need('CLICKHOUSE_PASSWORD', 'reads'),
  redisUrl: need('REDIS_URL', 'reads'),
}
const apiUrl = need('API_URL', 'reads')
const secret = need('JWT_ACCESS_SECRET', 'reads')
const isText = values.output !== 'json'
const say = (line: string) => {
  if (isText) console.log(line)
}

const today = dayAt(Date.now(), 'Asia/Dhaka')
const size = { tenants: Number(values.tenants), facts: Number(values.events), today }
let all = companies(size)
const sizes = all.map(({ documents }) => documents.length * 2)
const written = await writeFacts(stores, all)
await writeFigures(stores, all, today)
say(
  `${written.facts} facts of ${size.tenants} tenants (the largest ${sizes[0]}, the smallest ${sizes.at(-1)}), ` +
    (written.kept ? 'there from a run before' : `written in ${written.seconds} s`),
)
const live = liveQuestions(all, today)
// The first ones only warm up.
const WARM = 24
const past = pastQuestions(all, today, WARM + rates.past * seconds)
const tokens = await Promise.all(
  all.map(async ({ tenant }) => {
    const token = await signToken(secret, { tenant, role: 'reader', lifeSeconds: TOKEN_SECONDS })
    return [tenant, `authorization: Bearer ${token}\r\n`] as const
  }),
)
const authorizations = new Map(tokens)
all = []

const lines = new Lines(new URL(apiUrl), SOCKETS_MAX)
const straight = openStraight(stores)

class Wrong extends Error {}

async function get(question: { readonly tenant: string; readonly path: string }): Promise<string> {
  const { status, text } = await lines.get(question.path, authorizations.get(question.tenant) ?? '')
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 300)}`)
  return text
}

/** R1. Bodies of today, checked once each: figures do not move while it is measured. */
const checked = new Map<string, string>()
const nameOf = ({ tenant, path }: { readonly tenant: string; readonly path: string }) => `${tenant} ${path}`

const one = {
  live: async (i: number) => {
    const question = live[i % live.length]
    if (question === undefined) throw new Error('there is nothing to ask')
    const text = await get(question)
    const name = nameOf(question)
    if (text === checked.get(name)) return
    if (checked.has(name)) throw new Wrong(`${name}: another answer than before: ${text.slice(0, 200)}`)
    const wrong = wrongIn(JSON.parse(text), question.expected)
    if (wrong !== undefined) throw new Wrong(`${name}: ${wrong}`)
    checked.set(name, text)
  },
  liveStraight: async (i: number) => {
    const question = live[i % live.length]
    if (question !== undefined) await straight.live(question)
  },
  past: async (i: number) => {
    const question = past[i]
    if (question === undefined) throw new Error('there is nothing to ask')
    const wrong = wrongIn(JSON.parse(await get(question)), question.expected)
    if (wrong !== undefined) throw new Wrong(`${nameOf(question)}: ${wrong}`)
  },
  pastStraight: async (i: number) => {
    const question = past[i]
    if (question === undefined) throw new Error('there is nothing to ask')
    const sum = await straight.past(question)
    if (sum !== question.sum) throw new Wrong(`${nameOf(question)}: ${sum}, and must be ${question.sum}`)
  },
}

/** Processor time of the API so far, in ms. */
async function apiCpuMs(): Promise<number> {
  const text = await (await fetch(new URL('/metrics', apiUrl))).text()
  return 1_000 * Number(/^process_cpu_seconds_total(?:\{[^}]*\})? ([\d.e+-]+)/m.exec(text)?.[1])
}

interface Part {
  readonly name: string
  readonly rate: number
  readonly goalP99Ms: number | null
  readonly through: 'api' | 'store'
  readonly ask: (i: number) => Promise<void>
}

let wrongs = 0
async function measure({ name, rate, goalP99Ms, through, ask }: Part) {
  const ms: number[] = []
  const errors = new Map<string, number>()
  const before = await apiCpuMs()
  const load = await openLoad({ rate, seconds }, async (i, intendedAt) => {
    try {
      await ask(i)
      ms.push(now() - intendedAt)
    } catch (error) {
      if (error instanceof Wrong) wrongs++
      const message = error instanceof Error ? error.message : String(error)
      if (errors.size < EXAMPLES_MAX || errors.has(message))
        errors.set(message, (errors.get(message) ?? 0) + 1)
    }
  })
  const apiMs = (await apiCpuMs()) - before
  const result = {
    name,
    through,
    rateAsked: rate,
    asked: load.total,
    answered: ms.length,
    rateAnswered: Number((ms.length / (load.elapsedMs / 1_000)).toFixed(1)),
    ms: percentilesOf(ms),
    goalP99Ms,
    errors: load.total - ms.length,
    examples: Object.fromEntries(errors),
    apiCpuMsEach: through === 'api' ? Number((apiMs / load.total).toFixed(3)) : null,
    generatorLateMs: percentilesOf(load.lateMs),
    generatorCpu: load.cpu,
  }
  const { p50, p95, p99, max } = result.ms
  say(
    `${name.padEnd(34)} ${rate}/s asked, ${result.rateAnswered}/s answered, ${result.errors} errors: p50 ${p50}  p95 ${p95}  p99 ${p99}  max ${max}` +
      (goalP99Ms === null ? '' : ` (goal p99 ${goalP99Ms})`),
  )
  say(
    `${''.padEnd(34)} generator late p99 ${result.generatorLateMs.p99}, ${(load.cpu * 100).toFixed(0)} % of a core` +
      (result.apiCpuMsEach === null ? '' : `; API ${result.apiCpuMsEach} ms of a core each`),
  )
  for (const [message, count] of errors) say(`  ${count} times: ${message}`)
  return result
}

/** Each question of today once, and a few of other days: checked, and warm. */
async function look(): Promise<void> {
  for (let i = 0; i < live.length; i++) await one.live(i)
  for (let i = 0; i < WARM; i++) await one.past(i)
  for (let i = 0; i < WARM; i++) await one.pastStraight(i)
}

const parts: readonly Part[] = [
  { name: 'today, API', rate: rates.live, goalP99Ms: GOAL_P99_MS.live, through: 'api', ask: one.live },
  { name: 'today, Redis', rate: rates.live, goalP99Ms: null, through: 'store', ask: one.liveStraight },
  {
    name: 'other days, API',
    rate: rates.past,
    goalP99Ms: GOAL_P99_MS.past,
    through: 'api',
    ask: (i) => one.past(WARM + i),
  },
  {
    name: 'other days, ClickHouse',
    rate: rates.past,
    goalP99Ms: null,
    through: 'store',
    ask: (i) => one.pastStraight(WARM + i),
  },
  {
    name: 'other days, API, kept',
    rate: rates.past,
    goalP99Ms: null,
    through: 'api',
    ask: (i) => one.past(WARM + i),
  },
]
const results: Awaited<ReturnType<typeof measure>>[] = []
try {
  await look()
  say(
    `${live.length + 2 * WARM} answers checked against sums of what was written; times in ms from the intended start`,
  )
  for (const part of parts) results.push(await measure(part))
} finally {
  lines.close()
  await straight.close()
}
const failed = results.reduce((sum, { errors }) => sum + errors, 0)
const counts = wrongs === 0
if (isText) {
  if (!counts) console.log(`${wrongs} answers were wrong: this run does not count`)
} else
  console.log(
    JSON.stringify({ ...size, facts: written.facts, seconds, counts, wrong: wrongs, parts: results }),
  )
process.exit(counts && failed === 0 ? 0 : 1)
