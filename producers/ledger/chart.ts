/**
 * Owns one tenant's chart as a value: accounts, posting rules, closed days, cut-off of the opening balances. PURE.
 * C1: a chart never changes; `with` gives the next one. C2: version = how often the chart has changed, as the store
 *     counts it: equal versions are equal charts. C3: an account stated by a document goes before the tenant's rules,
 *     those before the default chart; within each, a rule with the line's key before the one for all others.
 */
import type { EpochDay } from '../../schemas/values/calendar.ts'
import type { AccountState, PostingRulesState } from '../accounts/evolve.ts'
import type { JournalEntryState } from '../journal-entries/evolve.ts'
import type { AggregateType } from '../kernel/events.ts'
import type { LedgerState } from '../periods/evolve.ts'
import { DEFAULT_ACCOUNTS } from './default-chart.ts'
import { ROLES, type Role } from './posting.ts'

export type Control = 'receivables' | 'payables' | 'inventory'
export const CONTROLS: readonly Control[] = ['receivables', 'payables', 'inventory']

/** Counts the changes (C2); whoever makes one locks it. */
export const CHART_COUNTER = { kind: 'chart', period: '' } as const

/** The subledger that a role belongs to; its lines alone may go to that subledger's control accounts. */
export const controlOf = (role: Role): Control | '' => CONTROLS.find((one) => one === role) ?? ''

export interface ChartPart {
  readonly type: AggregateType
  readonly id: string
  readonly state: unknown
}

export interface Account extends AccountState {
  readonly id: string
}

const keyOf = (role: string, key: string): string => `${role}\u0000${key.trim().toLowerCase()}`

const DEFAULT_RULES: ReadonlyMap<string, string> = new Map(
  ROLES.flatMap((role) => {
    const { account, keys = {} } = DEFAULT_ACCOUNTS[role]
    const keyed = Object.entries(keys).map(([key, id]) => [keyOf(role, key), id] as const)
    return [[keyOf(role, ''), account] as const, ...keyed]
  }),
)

interface Parts {
  readonly accounts: ReadonlyMap<string, Account>
  readonly rules: ReadonlyMap<string, string>
  readonly ledgers: ReadonlyMap<string, LedgerState>
  /** Entry date of each opening entry that stands. */
  readonly openings: ReadonlyMap<string, EpochDay>
}

export class Chart {
  static readonly EMPTY = new Chart(0, {
    accounts: new Map(),
    rules: new Map(),
    ledgers: new Map(),
    openings: new Map(),
  })
  readonly version: number
  readonly #parts: Parts
  readonly #idByCode: ReadonlyMap<string, string>

  private constructor(version: number, parts: Parts) {
    this.version = version
    this.#parts = parts
    this.#idByCode = new Map(Array.from(parts.accounts.values(), (one) => [one.code, one.id]))
  }

  static of(version: number, found: readonly ChartPart[]): Chart {
    const accounts = new Map<string, Account>()
    const ledgers = new Map<string, LedgerState>()
    const openings = new Map<string, EpochDay>()
    let rules: Parts['rules'] = new Map()
    for (const { type, id, state } of found) {
      if (type === 'account') accounts.set(id, { ...(state as AccountState), id })
      else if (type === 'posting-rules') rules = rulesOf(state as PostingRulesState)
      else if (type === 'ledger') ledgers.set(id, state as LedgerState)
      else keepOpening(openings, id, state as JournalEntryState)
    }
    return new Chart(version, { accounts, rules, ledgers, openings })
  }

  /** What a change of this aggregate leaves; the same chart when it is none of the chart's. */
  with({ type, id, state }: ChartPart, version: number): Chart {
    const { accounts, ledgers, openings } = this.#parts
    const next = (changed: Partial<Parts>) => new Chart(version, { ...this.#parts, ...changed })
    if (type === 'account')
      return next({ accounts: new Map(accounts).set(id, { ...(state as AccountState), id }) })
    if (type === 'posting-rules') return next({ rules: rulesOf(state as PostingRulesState) })
    if (type === 'ledger') return next({ ledgers: new Map(ledgers).set(id, state as LedgerState) })
    if (type !== 'journal-entry' || (state as JournalEntryState).kind !== 'OPENING') return this
    const days = new Map(openings)
    keepOpening(days, id, state as JournalEntryState)
    return next({ openings: days })
  }

  get accounts(): Iterable<Account> {
    return this.#parts.accounts.values()
  }

  account(id: string): Account | undefined {
    return this.#parts.accounts.get(id)
  }

  byCode(code: string): Account | undefined {
    const id = this.#idByCode.get(code)
    return id === undefined ? undefined : this.#parts.accounts.get(id)
  }

  /** Id of the account that a role's lines go to (C3). */
  accountOf(role: Role, key = ''): string {
    const { rules } = this.#parts
    const any = keyOf(role, '')
    const own = key === '' ? any : keyOf(role, key)
    return rules.get(own) ?? rules.get(any) ?? DEFAULT_RULES.get(own) ?? DEFAULT_ACCOUNTS[role].account
  }

  /** Roles whose lines an account takes, by the rules in force or by default. */
  rolesOf(accountId: string): readonly Role[] {
    return ROLES.filter((role) => {
      if (this.accountOf(role) === accountId) return true
      const prefix = keyOf(role, '')
      const keyed = (rules: ReadonlyMap<string, string>) =>
        [...rules].filter(([key]) => key.startsWith(prefix)).map(([key]) => key.slice(prefix.length))
      const keys = [...keyed(this.#parts.rules), ...keyed(DEFAULT_RULES)]
      return keys.some((key) => this.accountOf(role, key) === accountId)
    })
  }

  /** Last day on which no posting is taken any more; null = all days are open. */
  get closedThrough(): EpochDay | null {
    let last: EpochDay | null = null
    for (const { closedThrough } of this.#parts.ledgers.values()) {
      if (closedThrough !== null && (last === null || closedThrough > last)) last = closedThrough
    }
    return last
  }

  /** Last day of the closed fiscal years; null = none is closed. */
  get yearsClosedThrough(): EpochDay | null {
    let last: EpochDay | null = null
    for (const { closedThrough, fiscalYear } of this.#parts.ledgers.values()) {
      if (fiscalYear !== null && closedThrough !== null && (last === null || closedThrough > last))
        last = closedThrough
    }
    return last
  }

  /** Day of the opening balances; null = there are none. Documents up to it were in them, but for their open items. */
  get cutOff(): EpochDay | null {
    const days = [...this.#parts.openings.values()]
    return days.length === 0 ? null : Math.max(...days)
  }
}

const rulesOf = ({ rules }: PostingRulesState): Parts['rules'] =>
  new Map(rules.map(({ role, key, accountId }) => [keyOf(role, key), accountId]))

function keepOpening(openings: Map<string, EpochDay>, id: string, entry: JournalEntryState): void {
  if (entry.status === 'POSTED') openings.set(id, entry.entryDate)
  else openings.delete(id)
}
