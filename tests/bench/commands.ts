/**
 * `./nikash bench commands`: how long commands take at a fixed rate, open-model, and whether the outbox keeps up.
 * Each is accepted or refused by the whole command service: token, schema, rules, journal, one transaction of Postgres.
 * The mix: of ten commands seven are invoices (approved, two lines with VAT), two are receipts that settle the tenant's
 * newest invoice in part, one is an expense; over as many tenants as asked for, one after the other.
 * Reports p50, p90, p99 and the greatest from start to answer, in ms; refusals by code; the outbox each second (rows that
 * wait, age of the oldest), and how long it needed to be empty after the last command.
 * Ends with 1 when a command was refused or failed, or when the outbox was not empty within DRAIN_MS.
 */
import { parseArgs } from 'node:util'
import pg from 'pg'
import { openBooks } from '../support/books.ts'
import { type Answer, Lines } from './lines.ts'
import { need, now, openLoad, percentileLine, percentilesOf } from './open-model.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    tenants: { type: 'string', default: '20' },
    output: { type: 'string', short: 'o', default: 'text' },
  },
})
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const stack = {
  apiUrl: need('API_URL', 'commands'),
  commandsUrl: need('COMMANDS_URL', 'commands'),
  jwtAccessSecret: need('JWT_ACCESS_SECRET', 'commands'),
}
const DRAIN_MS = 30_000
const SOCKETS_MAX = 400
const lines = new Lines(new URL(stack.commandsUrl), SOCKETS_MAX)

const books = await Promise.all(
  Array.from({ length: Number(values.tenants) }, (_, i) => openBooks(stack, { prefix: `commands${i}` })),
)
const authorizations = books.map(({ writer }) => `authorization: Bearer ${writer}\r\n`)
/** Newest invoice of each tenant that was answered, with what was not settled of it. */
const newest: { id: string; open: number }[] = []

const INVOICE = JSON.stringify({
  customerId: 'cust-1',
  status: 'APPROVED',
  lines: [
    { description: 'Rice, 50 kg', quantity: '3', unitPrice: '33.35', vatCode: 'standard' },
    { description: 'Delivery', unitPrice: '100.00', vatCode: 'none' },
  ],
})
const EXPENSE = JSON.stringify({ category: 'rent', netAmount: '9.00', status: 'APPROVED' })

async function command(index: number): Promise<Answer> {
  const tenant = index % books.length
  const headers = `${authorizations[tenant]}idempotency-key: ${crypto.randomUUID()}\r\n`
  const kind = Math.floor(index / books.length) % 10
  const target = newest[tenant]
  if (kind >= 7 && kind <= 8 && target !== undefined && target.open > 0) {
    target.open--
    const payment = {
      customerId: 'cust-1',
      amount: '20.00',
      allocations: [{ invoiceId: target.id, amount: '10.00' }],
    }
    return lines.post('/v1/payments', headers, JSON.stringify(payment))
  }
  if (kind === 9) return lines.post('/v1/expenses', headers, EXPENSE)
  const answer = await lines.post('/v1/invoices', headers, INVOICE)
  // 215.06 in all: twenty parts of 10.00 fit.
  if (answer.body.id !== undefined) newest[tenant] = { id: answer.body.id, open: 20 }
  return answer
}

const answerMs: number[] = []
const refused = new Map<string, number>()
async function one(index: number): Promise<void> {
  const started = now()
  let reason: string | undefined
  try {
    const { status, body } = await command(index)
    if (status >= 300) reason = `${status} ${body.code ?? ''}`
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error)
  }
  if (reason === undefined) answerMs.push(now() - started)
  else refused.set(reason, (refused.get(reason) ?? 0) + 1)
}

const client = new pg.Client(need('DATABASE_URL', 'commands'))
await client.connect()
await client.query(`set app.current_tenant = '*'`)
const outbox = async () => {
  const { rows } = await client.query<{ n: string; age: number }>(
    'select count(*) as n, coalesce(extract(epoch from clock_timestamp() - min(inserted_at)), 0)::float8 as age from finance.outbox',
  )
  return { rows: Number(rows[0]?.n), ageSeconds: Number(rows[0]?.age) }
}
const looks: { rows: number; ageSeconds: number }[] = []
const watch = setInterval(() => void outbox().then((look) => looks.push(look)), 1_000)
const { total, lateMs, cpu, elapsedMs } = await openLoad({ rate, seconds }, one)
clearInterval(watch)
const endedAt = now()
let left = await outbox()
while (left.rows > 0 && now() - endedAt < DRAIN_MS) {
  await new Promise((resolve) => setTimeout(resolve, 50))
  left = await outbox()
}
const drainMs = Math.round(now() - endedAt)
await client.end()
lines.close()

const result = {
  rate,
  seconds,
  tenants: books.length,
  commands: total,
  accepted: answerMs.length,
  refused: Object.fromEntries(refused),
  perSecond: Math.round(answerMs.length / (elapsedMs / 1_000)),
  startToAnswerMs: percentilesOf(answerMs),
  outboxRowsMost: Math.max(0, ...looks.map((look) => look.rows)),
  outboxAgeSeconds: percentilesOf(looks.map((look) => look.ageSeconds)),
  outboxEmptyAfterMs: left.rows === 0 ? drainMs : null,
  generatorLateMs: percentilesOf(lateMs),
  generatorCpu: cpu,
}
if (values.output === 'json') console.log(JSON.stringify(result))
else {
  console.log(
    `${rate} commands/s for ${seconds} s over ${books.length} tenants: ${answerMs.length} of ${total} accepted, ${result.perSecond}/s (ms)`,
  )
  console.log(percentileLine('start -> answer', result.startToAnswerMs))
  console.log(percentileLine('lateness of the generator', result.generatorLateMs))
  console.log(
    `  outbox: at most ${result.outboxRowsMost} rows, oldest p99 ${result.outboxAgeSeconds.p99} s, ` +
      (left.rows === 0
        ? `empty ${drainMs} ms after the last answer`
        : `${left.rows} rows left after ${drainMs} ms`),
  )
  console.log(`  generator: ${(cpu * 100).toFixed(0)} % of one core`)
  for (const [reason, count] of refused) console.log(`  refused ${count}: ${reason}`)
}
process.exit(answerMs.length === total && left.rows === 0 ? 0 : 1)
