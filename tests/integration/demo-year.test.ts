/**
 * The demo company after a simulated fiscal year, by programs that share nothing with the product: hledger for every
 * balance, and SQL over the raw events (tests/support/kpi-oracle.ts) for every KPI of every window, null reasons included.
 * One year for all of them. KPIs are asked at 50 random instants: of the processors' topologies by what was known then, and
 * of the API, two windows of each day in turn, by all that is known now.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { OutboxRow } from '../../producers/outbox/records.ts'
import { Random } from '../../producers/simulator/random.ts'
import { MEASURES } from '../../schemas/rules/kpis.ts'
import { type WindowName, WINDOWS } from '../../schemas/rules/windows.ts'
import { formatDay } from '../../schemas/values/calendar.ts'
import { DAY_MS, FIRST, LAST } from '../support/demo-year.ts'
import { FOLDED_SQL, FoldedYear, type Mark } from '../support/folded-year.ts'
import { Hledger, type Nets } from '../support/hledger.ts'
import { eventually, read } from '../support/http.ts'
import { differences, KpiOracle, type Said } from '../support/kpi-oracle.ts'
import { describeStack } from '../support/stack.ts'
import { CLOSES, midnight, simulate } from './demo-year-store.ts'
import { prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

const SEED = process.env['NIKASH_SEED'] ?? String(Date.now())
const INSTANTS = 50
const ASKED_AT_ONCE = 2
/** Before the books begin, on their first day, and around the midnight that ends the year. */
const FIXED = [midnight(FIRST - 2), midnight(FIRST) + DAY_MS / 2, midnight(LAST + 1) - 1, midnight(LAST + 1)]

function drawn(): readonly number[] {
  const random = new Random(SEED, 'instants')
  const [from, to] = [midnight(FIRST - 2), midnight(LAST + 120)]
  return Array.from({ length: INSTANTS }, () => Math.floor(from + random.next() * (to - from)))
}

interface Answer {
  readonly asOf: string
  readonly from: string
  readonly to: string
  readonly partial: boolean
  readonly source: string
  readonly kpis: Readonly<Record<string, Partial<Said>>>
}

const saidBy = (window: string, { from, to, partial, kpis }: Answer): readonly Said[] =>
  Object.entries(kpis).map(([kpi, one]) => ({
    window,
    from,
    to,
    partial,
    kpi,
    value: one.value ?? null,
    reason: one.reason ?? null,
    previous: one.previous ?? null,
    change: one.change ?? null,
    lastYear: one.lastYear ?? null,
    changeLastYear: one.changeLastYear ?? null,
  }))

const withoutZeros = (nets: Nets): Nets =>
  Object.fromEntries(Object.entries(nets).filter(([, net]) => net !== '0.0000'))
const units = (net: string | undefined): bigint => BigInt((net ?? '0').replace('.', ''))
const dayIn = (at: number): string => formatDay(Math.floor((at - midnight(0)) / DAY_MS))

describeStack(
  'the demo company after a fiscal year',
  ['databaseUrl', 'databaseOwnerUrl', 'databaseReaderUrl', 'jwtAccessSecret'],
  (stack) => {
    const instants = [...FIXED, ...drawn()].sort((a, b) => a - b)
    let service: Service
    let tenant: Tenant
    let marks: readonly Mark[]
    let oracle: KpiOracle
    /** The books as they were before the year was closed. */
    let open: { readonly hledger: Hledger; readonly balances: Nets; readonly weeks: readonly Week[] }
    interface Week extends Record<string, unknown> {
      readonly day: string
      readonly code: string
      readonly net: string
    }

    const sql = <T extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
      rowsOf<T>(stack.databaseReaderUrl, tenant.id, text, values)
    const balances = async (): Promise<Nets> => {
      const rows = await sql<{ code: string; net: string }>(
        `select account_code as code, (total_debit - total_credit)::numeric(18, 4)::text as net
         from finance.account_balances where total_debit <> 0 or total_credit <> 0`,
      )
      return Object.fromEntries(rows.map(({ code, net }) => [code, net]))
    }

    beforeAll(async () => {
      console.log(`50 random instants of the demo year: seed ${SEED}`)
      await prepareStore(stack)
      service = await Service.open(stack)
      tenant = await Tenant.open(service, 'year')
      const { databaseOwnerUrl } = stack
      const beforeClose = async () => {
        const weeks = await sql<Week>(
          `select to_char(d, 'YYYY-MM-DD') as day, account_code as code, (debit - credit)::numeric(18, 4)::text as net
           from generate_series($1::date, $2::date, interval '7 days') as d, finance.trial_balance(d::date)`,
          [formatDay(FIRST), formatDay(LAST)],
        )
        const hledger = await Hledger.read(stack.databaseReaderUrl, tenant.id)
        open = { hledger, balances: await balances(), weeks }
      }
      marks = await simulate({ service, tenant, databaseOwnerUrl, instants, beforeClose })
      oracle = await KpiOracle.open(databaseOwnerUrl, tenant.id)
    }, 400_000)
    afterAll(async () => {
      open?.hledger.close()
      await oracle?.close()
      await service?.close()
    })

    describeStack('as hledger adds it up from the exported journal', ['hledger'], () => {
      it('has every balance, and the trial balance of every week', async () => {
        const documents = await sql<{ n: number }>(
          'select count(distinct (source_type, source_id))::int as n from finance.journal_lines',
        )
        expect(documents[0]?.n).toBeGreaterThan(6_000)
        expect(open.hledger.balances()).toEqual(open.balances)
        const stored = new Map<string, Record<string, string>>()
        for (const { day, code, net } of open.weeks) stored.set(day, { ...stored.get(day), [code]: net })
        const daily = open.hledger.daily()
        for (const [day, nets] of stored)
          expect([day, withoutZeros(daily.get(day) ?? {})]).toEqual([day, nets])
        expect([stored.size, stored.has(formatDay(LAST))]).toEqual([53, true])
      }, 60_000)

      it('has every balance after the close, and nothing on income and expenses', async () => {
        const hledger = await Hledger.read(stack.databaseReaderUrl, tenant.id)
        try {
          const nets = hledger.balances()
          expect(nets).toEqual(await balances())
          // What is left is what the company has and owes.
          expect(
            Object.entries(nets).filter(([code, net]) => /^[4-9]/.test(code) && units(net) !== 0n),
          ).toEqual([])
          expect(units(nets['3200'])).not.toBe(0n)
        } finally {
          hledger.close()
        }
      }, 60_000)
    })

    it('has every KPI of the processors, at each instant, as SQL over the events known then', async () => {
      const rows = await sql<OutboxRow & Record<string, unknown>>(FOLDED_SQL)
      const year = new FoldedYear(tenant.id, rows, midnight(FIRST - 3))
      const [valued, reasons] = [new Set<string>(), new Set<string | null>()]
      const wrong: string[] = []
      for (const mark of marks) {
        year.fold(mark)
        if (!instants.includes(mark.at)) continue
        const expected = await oracle.at(mark.position, mark.at)
        expect(expected).toHaveLength(MEASURES.length * WINDOWS.length)
        const at = new Date(mark.at).toISOString()
        wrong.push(...differences(expected, year.kpis()).map((line) => `${at} ${line}`))
        for (const { kpi, value, reason } of expected) {
          if (value !== null) valued.add(kpi)
          reasons.add(reason)
        }
      }
      expect(wrong).toEqual([])
      expect(year.refused).toBe(0)
      // Not a comparison of nothing with nothing.
      expect([...valued].sort()).toEqual([...MEASURES].sort())
      expect([...reasons]).toEqual(expect.arrayContaining([null, 'zero_denominator', 'no_history']))
    }, 400_000)

    describeStack('as the API tells it', ['apiUrl'], ({ apiUrl }) => {
      it('has every KPI, as of the day of each instant, as SQL over all events', async () => {
        const token = await service.token(tenant.id, 'reader')
        const everything = Number.MAX_SAFE_INTEGER
        const ask = (window: string, asOf?: string) =>
          // A machine that is busy with other things may be answered "try again".
          eventually(`the KPIs of ${asOf ?? 'today'}`, () =>
            read<Answer>(
              apiUrl,
              `/v1/kpis?window=${window}${asOf === undefined ? '' : `&asOf=${asOf}`}`,
              token,
            ),
          )
        const wrongOn = async (at: number, windows: readonly WindowName[]): Promise<readonly string[]> => {
          const day = dayIn(at)
          const answers = await Promise.all(windows.map((window) => ask(window, day)))
          const said = answers.flatMap((answer, i) => saidBy(windows[i] ?? '', answer))
          const expected = await oracle.at(everything, at)
          const asked = expected.filter(({ window }) => windows.some((one) => one === window))
          return differences(asked, said).map((line) => `${day} ${line}`)
        }
        // The pipeline has its time; then it is asked once.
        await eventually(
          'ClickHouse to have the year',
          async () => expect(await wrongOn(CLOSES, WINDOWS)).toEqual([]),
          120_000,
        )
        // Two windows of each day, in turn: the processors were asked for all of them, and the rule is the same.
        const days = [...new Map(instants.map((at) => [dayIn(at), at])).values()]
        const asked = days.map((at, i) => [at, WINDOWS.filter((_, w) => w % 3 === i % 3)] as const)
        const wrong: string[] = []
        for (let i = 0; i < asked.length; i += ASKED_AT_ONCE) {
          const some = asked.slice(i, i + ASKED_AT_ONCE)
          wrong.push(...(await Promise.all(some.map(([at, windows]) => wrongOn(at, windows)))).flat())
        }
        expect(wrong).toEqual([])

        // Today's are those that the processors of the stack folded.
        await eventually('the live figures', async () => {
          const answers = await Promise.all(WINDOWS.map((window) => ask(window)))
          expect(answers.map(({ source }) => source)).toEqual(WINDOWS.map(() => 'redis'))
          const noon = Date.parse(`${answers[0]?.asOf ?? ''}T12:00:00+06:00`)
          const said = answers.flatMap((answer, i) => saidBy(WINDOWS[i] ?? '', answer))
          expect(differences(await oracle.at(everything, noon), said)).toEqual([])
        })
      }, 400_000)
    })
  },
)
