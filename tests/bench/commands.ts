/**
 * `./nikash bench commands`: how long commands take at a fixed rate, open-model, and whether the outbox keeps up.
 * Each is accepted or refused by the whole command service: token, schema, rules, journal, one transaction of Postgres.
 * First the same load at a third of the rate for WARM_SECONDS, which does not count: processes that just started are
 * compiling.
 * Reports p50, p90, p99 and the greatest from start to answer, in ms; refusals by code; the outbox each second (rows that
 * wait, age of the oldest), and how long it needed to be empty after the last command; processor time of each part.
 * `--search`: the highest rate, from `--rate` down, at which p99 is at most P99_MS, nothing is refused and the outbox empties.
 * Ends with 1 when a command was refused or failed, when the outbox was not empty in time, or when no rate was found.
 */
import { parseArgs } from 'node:util'
import { CommandLoad, type LoadResult } from './command-load.ts'
import { need, percentileLine } from './open-model.ts'
import { highestMet } from './rate-search.ts'

const WARM_SECONDS = 10
const P99_MS = 100

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string' },
    tenants: { type: 'string', default: '20' },
    search: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
  },
})
const rate = Number(values.rate)
const seconds = Number(values.seconds ?? (values.search ? 10 : 60))
const tenants = Number(values.tenants)
const load = await CommandLoad.open(
  {
    commandsUrl: need('COMMANDS_URL', 'commands'),
    jwtAccessSecret: need('JWT_ACCESS_SECRET', 'commands'),
    databaseUrl: need('DATABASE_URL', 'commands'),
    stateFile: process.env['NIKASH_STATE_FILE'],
  },
  tenants,
)

const whole = ({ accepted, commands, outboxEmptyAfterMs }: LoadResult): boolean =>
  accepted === commands && outboxEmptyAfterMs !== null

function print(result: LoadResult): void {
  const { accepted, commands, perSecond, generatorCpu, outboxEmptyAfterMs } = result
  console.log(
    `${result.rate} commands/s for ${result.seconds} s over ${tenants} tenants: ${accepted} of ${commands} accepted, ${perSecond}/s (ms)`,
  )
  console.log(percentileLine('start -> answer', result.startToAnswerMs))
  console.log(percentileLine('lateness of the generator', result.generatorLateMs))
  console.log(
    `  outbox: at most ${result.outboxRowsMost} rows, oldest p99 ${result.outboxAgeSeconds.p99} s, ` +
      (outboxEmptyAfterMs === null
        ? 'not empty in time'
        : `empty ${outboxEmptyAfterMs} ms after the last answer`),
  )
  const parts = Object.entries(result.coreMs).map(([name, ms]) => `${name} ${ms}`)
  console.log(
    `  ms of a core for a command: ${parts.join(', ')}; generator: ${(generatorCpu * 100).toFixed(0)} % of one core`,
  )
  for (const [reason, count] of Object.entries(result.refused)) console.log(`  refused ${count}: ${reason}`)
}

const json = values.output === 'json'
await load.run(Math.max(1, Math.floor(rate / 3)), WARM_SECONDS)
let good: boolean
if (values.search) {
  const tried: LoadResult[] = []
  const found = await highestMet(rate, async (one) => {
    const result = await load.run(one, seconds)
    tried.push(result)
    if (!json) print(result)
    return whole(result) && result.startToAnswerMs.p99 <= P99_MS
  })
  if (json) console.log(JSON.stringify({ tenants, found: found ?? null, tried }))
  else if (found === undefined) console.log(`no rate was found at which p99 is at most ${P99_MS} ms`)
  else console.log(`p99 is at most ${P99_MS} ms at ${found} commands/s`)
  good = found !== undefined
} else {
  const result = await load.run(rate, seconds)
  if (json) console.log(JSON.stringify({ tenants, ...result }))
  else print(result)
  good = whole(result)
}
await load.close()
process.exit(good ? 0 : 1)
