/** The demo company's plan against the command service itself: all of it is accepted, and sending it again changes nothing. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { CommandClient } from '../../producers/importers/client.ts'
import { Plan, type PlannedItem } from '../../producers/simulator/plan.ts'
import { parseDay } from '../../schemas/values/calendar.ts'
import { describeStack } from '../support/stack.ts'
import { prepareStore, rowsOf, Service, Tenant } from './producers-harness.ts'

const FIRST = parseDay('2026-02-20')
const DAYS = 70

describeStack('the demo company', ['databaseUrl', 'databaseOwnerUrl', 'jwtAccessSecret'], (stack) => {
  let service: Service
  beforeAll(async () => {
    await prepareStore(stack)
    service = await Service.open(stack)
  })
  afterAll(() => service.close())

  it('does nothing that the rules refuse, and nothing twice', async () => {
    const tenant = await Tenant.open(service, 'demo')
    const client = new CommandClient({ commandsUrl: service.url, token: tenant.token })
    const plan = new Plan(7, FIRST)
    const items: PlannedItem[] = [...plan.opening()]
    for (let day = FIRST; day < FIRST + DAYS; day++) items.push(...plan.day(day).map((one) => one.item))
    const sendAll = async () => {
      const outcomes = []
      for (let at = 0; at < items.length; at += 200)
        outcomes.push(...(await client.batch('demo', items.slice(at, at + 200))))
      return outcomes
    }
    const first = await sendAll()
    expect(first.filter((one) => one.status !== 'accepted')).toEqual([])
    const again = await sendAll()
    expect(again.filter((one) => one.status !== 'exists')).toEqual([])
    const sql =
      'select count(*)::int as events, count(distinct (aggregate_type, aggregate_id, version))::int as versions from finance.event_store'
    const [counts] = await rowsOf<{ events: number; versions: number }>(stack.databaseUrl, tenant.id, sql)
    expect(counts?.events).toBe(counts?.versions)
    expect(counts?.events).toBeGreaterThan(items.length)
  }, 60_000)
})
