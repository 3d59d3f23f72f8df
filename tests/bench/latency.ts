/**
 * `./nikash bench latency`: from "command accepted" to "frame at a socket", at a fixed rate of commands, open-model:
 * commands start on a clock, whatever the answers do, so a stall is seen by every command that it held up.
 *
 * Each command is an invoice of 1.00; a frame's net revenue therefore says how many are counted. Commands are ordered by
 * the position that the command service answered; the k-th is seen in the first frame that counts k or more.
 * Reports p50, p90, p99 and the greatest, in ms, from acceptance to frame, from start to acceptance, and the generator's
 * own lateness; commands refused; and the processor time of the generator, which shares the machine.
 */
import { parseArgs } from 'node:util'
import { Centrifuge } from 'centrifuge'
import { openBooks } from '../support/books.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    output: { type: 'string', short: 'o', default: 'text' },
  },
})
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const need = (name: string): string => {
  const value = process.env[name]
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run this as ./nikash bench latency, with the stack up`)
  return value
}
const stack = {
  apiUrl: need('API_URL'),
  commandsUrl: need('COMMANDS_URL'),
  jwtAccessSecret: need('JWT_ACCESS_SECRET'),
}

interface Sent {
  readonly position: number
  readonly acceptedAt: number
}
interface Seen {
  readonly count: number
  readonly at: number
}
const DRAIN_MS = 30_000
const now = () => performance.timeOrigin + performance.now()

const books = await openBooks(stack, { prefix: 'latency' })
const frames: Seen[] = []
const client = new Centrifuge(`${stack.apiUrl.replace(/^http/, 'ws')}/connection/websocket`, {
  token: books.reader,
})
const subscription = client.newSubscription(`kpi:${books.tenant}`)
subscription.on('publication', (context) => {
  const body = context.data as {
    kpis?: Record<string, { measures?: Record<string, { value: string | null }> }>
  }
  const value = body.kpis?.['30d']?.measures?.['netRevenue']?.value
  if (value !== undefined && value !== null) frames.push({ count: Math.round(Number(value)), at: now() })
})
await new Promise<void>((resolve) => {
  subscription.on('subscribed', () => resolve())
  subscription.subscribe()
  client.connect()
})

const sent: Sent[] = []
const answerMs: number[] = []
const lateMs: number[] = []
const refused = new Map<string, number>()
const body = JSON.stringify({
  customerId: 'cust-1',
  status: 'APPROVED',
  lines: [{ unitPrice: '1.00', vatCode: 'none', vatRate: '0' }],
})

async function one(): Promise<void> {
  const started = now()
  try {
    const response = await fetch(`${stack.commandsUrl}/v1/invoices`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${books.writer}`,
        'idempotency-key': crypto.randomUUID(),
      },
    })
    const acceptedAt = now()
    const answer = (await response.json()) as { position?: number | string }
    if (response.status >= 300) throw new Error(String(response.status))
    sent.push({ position: Number(answer.position), acceptedAt })
    answerMs.push(acceptedAt - started)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    refused.set(reason, (refused.get(reason) ?? 0) + 1)
  }
}

const total = rate * seconds
const startedAt = now()
const cpuBefore = process.cpuUsage()
const running = new Set<Promise<void>>()
for (let i = 0; i < total; ) {
  const due = Math.min(total, Math.floor(((now() - startedAt) / 1000) * rate) + 1)
  for (; i < due; i++) {
    lateMs.push(Math.max(0, now() - (startedAt + (i / rate) * 1000)))
    const task = one().finally(() => running.delete(task))
    running.add(task)
  }
  await new Promise((resolve) => setTimeout(resolve, 2))
}
await Promise.all(running)
const cpu = process.cpuUsage(cpuBefore)
const elapsedMs = now() - startedAt
const drainUntil = now() + DRAIN_MS
while ((frames.at(-1)?.count ?? 0) < sent.length && now() < drainUntil)
  await new Promise((resolve) => setTimeout(resolve, 20))
client.disconnect()

sent.sort((a, b) => a.position - b.position)
const seenMs: number[] = []
let frame = 0
for (const [index, command] of sent.entries()) {
  while (frame < frames.length && (frames[frame]?.count ?? 0) < index + 1) frame++
  const first = frames[frame]
  if (first !== undefined) seenMs.push(Math.max(0, first.at - command.acceptedAt))
}

const summary = (list: number[]) => {
  const sorted = list.toSorted((a, b) => a - b)
  const at = (q: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN).toFixed(1))
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}
const result = {
  rate,
  seconds,
  commands: total,
  accepted: sent.length,
  refused: Object.fromEntries(refused),
  seen: seenMs.length,
  frames: frames.length,
  acceptedToFrameMs: summary(seenMs),
  startToAcceptedMs: summary(answerMs),
  generatorLateMs: summary(lateMs),
  generatorCpu: Number(((cpu.user + cpu.system) / 1000 / elapsedMs).toFixed(2)),
}
if (values.output === 'json') console.log(JSON.stringify(result))
else {
  const row = (name: string, s: ReturnType<typeof summary>) =>
    `  ${name.padEnd(28)} p50 ${s.p50}  p90 ${s.p90}  p99 ${s.p99}  max ${s.max}`
  console.log(
    `${rate} commands/s for ${seconds} s: ${sent.length} of ${total} accepted, ${seenMs.length} seen in ${frames.length} frames (ms)`,
  )
  console.log(row('accepted -> frame at socket', result.acceptedToFrameMs))
  console.log(row('start -> accepted', result.startToAcceptedMs))
  console.log(row('lateness of the generator', result.generatorLateMs))
  console.log(`  generator: ${(result.generatorCpu * 100).toFixed(0)} % of one core`)
  for (const [reason, count] of refused) console.log(`  refused ${count}: ${reason}`)
}
process.exit(seenMs.length === sent.length && sent.length === total ? 0 : 1)
