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
import { need, now, openLoad, percentileLine, percentilesOf } from './open-model.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    output: { type: 'string', short: 'o', default: 'text' },
  },
})
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const stack = {
  apiUrl: need('API_URL', 'latency'),
  commandsUrl: need('COMMANDS_URL', 'latency'),
  jwtAccessSecret: need('JWT_ACCESS_SECRET', 'latency'),
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

const { total, lateMs, cpu } = await openLoad({ rate, seconds }, one)
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

const result = {
  rate,
  seconds,
  commands: total,
  accepted: sent.length,
  refused: Object.fromEntries(refused),
  seen: seenMs.length,
  frames: frames.length,
  acceptedToFrameMs: percentilesOf(seenMs),
  startToAcceptedMs: percentilesOf(answerMs),
  generatorLateMs: percentilesOf(lateMs),
  generatorCpu: cpu,
}
if (values.output === 'json') console.log(JSON.stringify(result))
else {
  console.log(
    `${rate} commands/s for ${seconds} s: ${sent.length} of ${total} accepted, ${seenMs.length} seen in ${frames.length} frames (ms)`,
  )
  console.log(percentileLine('accepted -> frame at socket', result.acceptedToFrameMs))
  console.log(percentileLine('start -> accepted', result.startToAcceptedMs))
  console.log(percentileLine('lateness of the generator', result.generatorLateMs))
  console.log(`  generator: ${(result.generatorCpu * 100).toFixed(0)} % of one core`)
  for (const [reason, count] of refused) console.log(`  refused ${count}: ${reason}`)
}
process.exit(seenMs.length === sent.length && sent.length === total ? 0 : 1)
