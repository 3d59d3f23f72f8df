/**
 * Owns turning AdventureWorks' FactFinance into journal entries, one per organisation and date. PURE.
 * W1: only the scenario Actual counts; statistical accounts are left out. W2: amounts of income and expense accounts are
 *     flows of their date: they are posted as they are, against the account of the result carried to retained earnings.
 * W3: amounts of balance accounts are snapshots: what is posted is how much each differs from the one before. A date on
 *     which an organisation has assets is a whole snapshot, and an account that it does not name is at zero; a date
 *     without assets is an adjustment, and its amounts are changes.
 * W4: snapshots and flows are rounded to the currency, half away from zero, before differences are taken: so the sum of
 *     all entries is the rounded snapshot. What an entry then differs by goes to the rounding account.
 * W5: amounts are taken in one currency, the stated one, as the file has no other; organisations are kept apart as the
 *     department of each line.
 */
import { Wrong } from '../fields.ts'
import type { BadRow, Lined, Transform, Unit } from '../kind.ts'
import type { JournalRow } from '../kinds/journal.ts'
import { exact, minorText, rounded, sized } from '../sides.ts'
import { exactDecimal } from '../tables/cells.ts'
import type { TableRecord } from '../tables/csv.ts'
import { WrongUse } from '../wrong-use.ts'
import { dateReader } from '../fields.ts'
import { accountsOf, type AwAccount, namesOf, RESULT, ROUNDING } from './dimensions.ts'

const ROWS_MAX = 1_000_000
const ACTUAL = 'Actual'
const toDay = dateReader('YYYYMMDD')

interface Fact {
  readonly line: number
  readonly date: string
  readonly organization: string
  readonly department: string
  readonly account: AwAccount
  /** In 10^-18. */
  readonly amount: bigint
}

interface Dimensions {
  readonly accounts: ReadonlyMap<string, AwAccount>
  readonly organizations: ReadonlyMap<string, string>
  readonly departments: ReadonlyMap<string, string>
  readonly scenarios: ReadonlyMap<string, string>
}

export const adventureWorksJournal: Transform<JournalRow> = async function* (records, { currency, tables }) {
  const table = (name: string) => {
    const found = tables.get(name)
    if (found) return found
    throw new WrongUse(`the map does not name the file of the ${name}, under tables`)
  }
  const dimensions = {
    accounts: accountsOf(table('accounts')),
    organizations: namesOf(table('organizations'), 'organizations', 3),
    departments: namesOf(table('departments'), 'departments', 2),
    scenarios: namesOf(table('scenarios'), 'scenarios', 1),
  }
  const groups = new Map<string, Fact[]>()
  let rows = 0
  for await (const record of records) {
    if (++rows > ROWS_MAX)
      throw new WrongUse(`the file has more than ${ROWS_MAX} rows: cut it by organisation`)
    const fact = factOf(record, dimensions)
    if ('reason' in fact) {
      yield fact
      continue
    }
    const key = `${fact.date} ${fact.organization.padStart(9, '0')}`
    const group = groups.get(key)
    if (group) group.push(fact)
    else groups.set(key, [fact])
  }
  const books = new Map<string, Books>()
  for (const key of [...groups.keys()].toSorted()) {
    const facts = groups.get(key) ?? []
    const { organization = '' } = facts[0] ?? {}
    const of = books.get(organization) ?? new Books(organization, dimensions, currency)
    books.set(organization, of)
    const unit = of.entry(facts)
    if (unit.rows.length > 0) yield unit
  }
}

/** FinanceKey | DateKey | OrganizationKey | DepartmentGroupKey | ScenarioKey | AccountKey | Amount | Date. */
function factOf(
  record: TableRecord,
  { accounts, organizations, departments, scenarios }: Dimensions,
): Fact | BadRow {
  const { line } = record
  if ('problem' in record) return { line, reason: record.problem }
  if (record.fields.length !== 8) return { line, reason: `has ${record.fields.length} fields, not 8` }
  const [, dateKey = '', organization = '', department = '', scenario = '', key = '', written = ''] =
    record.fields.map((field) => field.trim())
  try {
    const known = (name: string, table: ReadonlyMap<string, unknown>, value: string) => {
      if (!table.has(value)) throw new Wrong(name, `${value} is not in the ${name} table`)
    }
    known('scenario', scenarios, scenario)
    known('account', accounts, key)
    known('organization', organizations, organization)
    known('department', departments, department)
    const account = accounts.get(key) as AwAccount
    if (scenarios.get(scenario) !== ACTUAL)
      return { line, reason: `is of scenario ${scenarios.get(scenario)}`, leftOut: true }
    if (account.accountClass === undefined)
      return { line, reason: 'is of a statistical account', leftOut: true }
    const date = toDay(dateKey)
    if (date === undefined) throw new Wrong('date', `${dateKey} is not a date YYYYMMDD`)
    const decimal = exactDecimal(written)
    if (decimal === undefined) throw new Wrong('amount', `${written} is not a number`)
    return { line, date, organization, department, account, amount: exact(decimal) }
  } catch (error) {
    if (error instanceof Wrong)
      return { line, reason: error.message, ...(error.column === undefined ? {} : { column: error.column }) }
    throw error
  }
}

interface Balance {
  readonly account: AwAccount
  readonly department: string
  readonly minor: bigint
}

const isFlow = ({ accountClass }: AwAccount): boolean =>
  accountClass === 'INCOME' || accountClass === 'EXPENSE'
/** Taken back from income though of its class: their amounts are debits. */
const isDebit = ({ accountClass, subtype }: AwAccount): boolean =>
  accountClass === 'ASSET' || accountClass === 'EXPENSE' || subtype === 'RETURNS' || subtype === 'DISCOUNT'

/** The balances of one organisation, from date to date. */
class Books {
  readonly #organization: string
  readonly #dimensions: Dimensions
  readonly #currency: string
  #balances = new Map<string, Balance>()

  constructor(organization: string, dimensions: Dimensions, currency: string) {
    this.#organization = organization
    this.#dimensions = dimensions
    this.#currency = currency
  }

  entry(facts: readonly Fact[]): Unit<JournalRow> {
    const { date = '', line: firstLine = 0 } = facts[0] ?? {}
    const name = this.#dimensions.organizations.get(this.#organization) ?? ''
    const label = `AW-${date.replaceAll('-', '')}-${this.#organization}`
    const rows: Lined<JournalRow>[] = []
    let sum = 0n
    const add = (line: number, account: string, department: string, debit: bigint): void => {
      sum += debit
      if (debit === 0n) return
      const side = debit > 0n ? ('debit' as const) : ('credit' as const)
      const amount = minorText(sized(debit), this.#currency)
      const unit = { entry: label, date, memo: '', description: `${name}: results and changes of balances` }
      rows.push({ line, row: { ...unit, account, side: { side, amount }, department } })
    }
    this.#addFlows(facts, firstLine, add)
    this.#addChanges(facts, firstLine, add)
    add(firstLine, ROUNDING, name, -sum)
    return { label, rows }
  }

  /** W2 */
  #addFlows(facts: readonly Fact[], firstLine: number, add: Add): void {
    let result = 0n
    for (const { line, account, department, amount } of facts) {
      if (!isFlow(account)) continue
      const debit = isDebit(account) ? amount : -amount
      result += debit
      add(line, account.code, this.#place(department), rounded(debit, this.#currency))
    }
    add(
      firstLine,
      RESULT,
      this.#dimensions.organizations.get(this.#organization) ?? '',
      -rounded(result, this.#currency),
    )
  }

  /** W3 */
  #addChanges(facts: readonly Fact[], firstLine: number, add: Add): void {
    const stated = facts.filter(({ account }) => !isFlow(account))
    if (stated.length === 0) return
    const whole = stated.some(({ account }) => account.accountClass === 'ASSET')
    const before = this.#balances
    const after = new Map(whole ? [] : before)
    const lines = new Map<string, number>()
    for (const { line, account, department, amount } of stated) {
      const id = `${account.key} ${department}`
      lines.set(id, line)
      const minor =
        (after.get(id)?.minor ?? 0n) + rounded(isDebit(account) ? amount : -amount, this.#currency)
      after.set(id, { account, department, minor })
    }
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const { account, department } = (after.get(id) ?? before.get(id)) as Balance
      const change = (after.get(id)?.minor ?? 0n) - (before.get(id)?.minor ?? 0n)
      add(lines.get(id) ?? firstLine, account.code, this.#place(department), change)
    }
    this.#balances = after
  }

  #place(department: string): string {
    const { organizations, departments } = this.#dimensions
    return `${organizations.get(this.#organization)} / ${departments.get(department)}`.slice(0, 64)
  }
}

type Add = (line: number, account: string, department: string, debit: bigint) => void
