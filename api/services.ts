/** What the handlers of operations work with. Made once, by server.ts. */
import type { Answers } from './reads/answers.ts'
import type { ClickHouse } from './reads/clickhouse.ts'
import type { Facts } from './reads/facts.ts'
import type { LiveFigures } from './reads/live-figures.ts'
import type { Tenants } from './reads/tenants.ts'

export interface Services {
  readonly answers: Answers
  readonly clickhouse: ClickHouse
  readonly facts: Facts
  readonly live: LiveFigures
  readonly tenants: Tenants
  readonly now: () => number
  /** Present where a demo sign-in is offered: signs a token for the demo tenant. */
  readonly demoToken: (() => Promise<{ readonly token: string; readonly expiresAtMs: number }>) | undefined
  readonly commandsUrl: string | undefined
}

export const DEMO_TENANT = 'demo'
