/**
 * The load of `bench commands`: of ten commands seven are invoices (approved, two lines with VAT), two are receipts that
 * settle the tenant's newest invoice in part, one is an expense; over as many tenants as asked for, one after the other.
 */
import pg from 'pg'
import { type Books, openBooks } from '../support/books.ts'
import { type Answer, Lines } from './lines.ts'
import { now, openLoad, type Percentiles, percentilesOf } from './open-model.ts'
import { perOne, processorTimes } from './processor-time.ts'

const DRAIN_MS = 30_000
const SOCKETS_MAX = 400

const INVOICE = JSON.stringify({
  customerId: 'cust-1',
  status: 'APPROVED',
  lines: [
    { description: 'Rice, 50 kg', quantity: '3', unitPrice: '33.35', vatCode: 'standard' },
    { description: 'Delivery', unitPrice: '100.00', vatCode: 'none' },
  ],
})
const EXPENSE = JSON.stringify({ category: 'rent', netAmount: '9.00', status: 'APPROVED' })

export interface LoadStack {
  readonly commandsUrl: string
  readonly jwtAccessSecret: string
  readonly databaseUrl: string
  readonly stateFile: string | undefined
}

export interface LoadResult {
  readonly rate: number
  readonly seconds: number
  readonly commands: number
  readonly accepted: number
  readonly refused: Readonly<Record<string, number>>
  readonly perSecond: number
  readonly startToAnswerMs: Percentiles
  readonly outboxRowsMost: number
  readonly outboxAgeSeconds: Percentiles
  /** null: it was not empty within DRAIN_MS. */
  readonly outboxEmptyAfterMs: number | null
  readonly generatorLateMs: Percentiles
  readonly generatorCpu: number
  /** ms of a core for one command, the emptying of the outbox counted in. */
  readonly coreMs: Readonly<Record<string, number>>
}

export class CommandLoad {
  readonly #stack: LoadStack
  readonly #books: readonly Books[]
  readonly #authorizations: readonly string[]
  readonly #lines: Lines
  readonly #store: pg.Client
  /** Newest invoice of each tenant that was answered, with what was not settled of it. */
  readonly #newest: { id: string; open: number }[] = []

  private constructor(stack: LoadStack, books: readonly Books[], store: pg.Client) {
    this.#stack = stack
    this.#books = books
    this.#authorizations = books.map(({ writer }) => `authorization: Bearer ${writer}\r\n`)
    this.#lines = new Lines(new URL(stack.commandsUrl), SOCKETS_MAX)
    this.#store = store
  }

  static async open(stack: LoadStack, tenants: number): Promise<CommandLoad> {
    const store = new pg.Client(stack.databaseUrl)
    await store.connect()
    await store.query(`set app.current_tenant = '*'`)
    const books = await Promise.all(
      Array.from({ length: tenants }, (_, i) => openBooks(stack, { prefix: `commands${i}` })),
    )
    return new CommandLoad(stack, books, store)
  }

  async close(): Promise<void> {
    this.#lines.close()
    await this.#store.end()
  }

  async #command(index: number): Promise<Answer> {
    const tenant = index % this.#books.length
    const headers = `${this.#authorizations[tenant]}idempotency-key: ${crypto.randomUUID()}\r\n`
    const kind = Math.floor(index / this.#books.length) % 10
    const target = this.#newest[tenant]
    if (kind >= 7 && kind <= 8 && target !== undefined && target.open > 0) {
      target.open--
      const allocations = [{ invoiceId: target.id, amount: '10.00' }]
      const payment = { customerId: 'cust-1', amount: '20.00', allocations }
      return this.#lines.post('/v1/payments', headers, JSON.stringify(payment))
    }
    if (kind === 9) return this.#lines.post('/v1/expenses', headers, EXPENSE)
    const answer = await this.#lines.post('/v1/invoices', headers, INVOICE)
    // 215.06 in all: twenty parts of 10.00 fit.
    if (answer.body.id !== undefined) this.#newest[tenant] = { id: answer.body.id, open: 20 }
    return answer
  }

  async #outbox(): Promise<{ rows: number; ageSeconds: number }> {
    const { rows } = await this.#store.query<{ n: string; age: number }>(
      'select count(*) as n, coalesce(extract(epoch from clock_timestamp() - min(inserted_at)), 0)::float8 as age from finance.outbox',
    )
    return { rows: Number(rows[0]?.n), ageSeconds: Number(rows[0]?.age) }
  }

  async run(rate: number, seconds: number): Promise<LoadResult> {
    const answerMs: number[] = []
    const refused = new Map<string, number>()
    const one = async (index: number): Promise<void> => {
      const started = now()
      let reason: string | undefined
      try {
        const { status, body } = await this.#command(index)
        if (status >= 300) reason = `${status} ${body.code ?? ''}`
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
      }
      if (reason === undefined) answerMs.push(now() - started)
      else refused.set(reason, (refused.get(reason) ?? 0) + 1)
    }
    const looks: { rows: number; ageSeconds: number }[] = []
    const watch = setInterval(() => void this.#outbox().then((look) => looks.push(look)), 1_000)
    const before = processorTimes(this.#stack.stateFile)
    const { total, lateMs, cpu, elapsedMs } = await openLoad({ rate, seconds }, one)
    clearInterval(watch)
    const drainMs = await this.#drained()
    const after = processorTimes(this.#stack.stateFile)
    const generator = Number(((cpu * elapsedMs) / total).toFixed(3))
    return {
      rate,
      seconds,
      commands: total,
      accepted: answerMs.length,
      refused: Object.fromEntries(refused),
      perSecond: Math.round(answerMs.length / (elapsedMs / 1_000)),
      startToAnswerMs: percentilesOf(answerMs),
      outboxRowsMost: Math.max(0, ...looks.map((look) => look.rows)),
      outboxAgeSeconds: percentilesOf(looks.map((look) => look.ageSeconds)),
      outboxEmptyAfterMs: drainMs,
      generatorLateMs: percentilesOf(lateMs),
      generatorCpu: cpu,
      coreMs: { ...perOne(before, after, total), generator },
    }
  }

  async #drained(): Promise<number | null> {
    const endedAt = now()
    while ((await this.#outbox()).rows > 0) {
      if (now() - endedAt >= DRAIN_MS) return null
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return Math.round(now() - endedAt)
  }
}
