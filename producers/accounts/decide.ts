/**
 * Owns the rules of the chart of accounts. PURE.
 * A1: a code belongs to one account. A2: a parent has the class of its children, and nobody is an ancestor of himself.
 * A3: class and control never change: what is posted keeps its meaning. A4: an account that documents need, a control
 *     account among them, can't be taken away: rules first. A5: rules name active accounts; a role of a subledger goes to
 *     a control account of it, and no other role does.
 */
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Payload } from '../kernel/events.ts'
import { type Chart, controlOf } from '../ledger/chart.ts'
import { SUBTYPES } from '../ledger/default-chart.ts'
import { usable } from '../ledger/journal.ts'
import type { CreateAccount, DeactivateAccount, SetPostingRules, UpdateAccount } from './commands.ts'
import type { AccountState, PostingRulesState } from './evolve.ts'

export interface ChartFacts {
  readonly id: string
  readonly chart: Chart
}

const USUAL = {
  ASSET: 'OTHER_CURRENT_ASSET',
  LIABILITY: 'OTHER_CURRENT_LIABILITY',
  EQUITY: 'EQUITY',
  INCOME: 'REVENUE',
  EXPENSE: 'OPERATING_EXPENSE',
} as const
const CASH: ReadonlySet<string> = new Set(['CASH', 'BANK', 'MFS'])
const INVESTING: ReadonlySet<string> = new Set(['FIXED_ASSET', 'MARKETABLE_SECURITIES'])
const FINANCING: ReadonlySet<string> = new Set([
  'SHORT_TERM_DEBT',
  'CURRENT_PART_OF_LONG_TERM_DEBT',
  'LONG_TERM_DEBT',
  'EQUITY',
  'INTEREST_EXPENSE',
])
const NOT_CASH: ReadonlySet<string> = new Set([
  'ACCUMULATED_DEPRECIATION',
  'DEPRECIATION',
  'AMORTISATION',
  'RETAINED_EARNINGS',
])
const activityOf = (subtype: string): AccountState['cashFlow'] => {
  if (CASH.has(subtype)) return 'CASH'
  if (INVESTING.has(subtype)) return 'INVESTING'
  if (FINANCING.has(subtype)) return 'FINANCING'
  return NOT_CASH.has(subtype) ? 'NONE' : 'OPERATING'
}

function fieldsOf(command: CreateAccount | UpdateAccount, active: boolean, facts: ChartFacts): AccountState {
  const { code, name, nameBn, accountClass, parentId, currency, control } = command
  const subtype = command.subtype ?? USUAL[accountClass]
  const known: readonly string[] = SUBTYPES[accountClass]
  if (!known.includes(subtype)) {
    const detail = `${subtype} is no kind of ${accountClass}: use one of ${known.join(', ')}`
    throw refuseField('validation_failed', '/subtype', detail)
  }
  const owner = facts.chart.byCode(code)
  if (owner && owner.id !== facts.id) {
    throw refuseField('number_taken', '/code', `code ${code} belongs to account ${owner.id}, ${owner.name}`)
  }
  if (parentId !== null) refuseUnfitParent(parentId, accountClass, facts)
  const cashFlow = command.cashFlow ?? activityOf(subtype)
  return { code, name, nameBn, accountClass, subtype, cashFlow, parentId, currency, control, active }
}

/** A2 */
function refuseUnfitParent(parentId: string, accountClass: string, { id, chart }: ChartFacts): void {
  const parent = chart.account(parentId)
  if (!parent) throw refuseField('reference_not_found', '/parentId', `account ${parentId} does not exist`)
  if (parent.accountClass !== accountClass) {
    throw refuseField(
      'account_class',
      '/parentId',
      `account ${parent.code} is of class ${parent.accountClass}, its children too: not ${accountClass}`,
    )
  }
  for (let above: string | null = parentId; above !== null; above = chart.account(above)?.parentId ?? null) {
    if (above !== id) continue
    throw refuseField('account_cycle', '/parentId', `account ${id} would be summed under itself`)
  }
}

export function decideCreate(
  state: AccountState | null,
  command: CreateAccount,
  facts: ChartFacts,
): readonly DomainEvent<'AccountCreated'>[] {
  if (state) throw new Refusal('already_exists', `account ${facts.id} exists already`)
  return [{ type: 'AccountCreated', data: fieldsOf(command, true, facts) }]
}

function refuseMissing(state: AccountState | null, id: string): asserts state is AccountState {
  if (!state) throw new Refusal('account_not_found', `account ${id} does not exist`)
}

export function decideUpdate(
  state: AccountState | null,
  command: UpdateAccount,
  facts: ChartFacts,
): readonly DomainEvent<'AccountUpdated'>[] {
  refuseMissing(state, facts.id)
  for (const field of ['accountClass', 'control'] as const) {
    if (command[field] === state[field]) continue
    throw refuseField(
      'account_class',
      `/${field}`,
      `account ${state.code} keeps its ${field} ${state[field] || '(none)'} for good: make another account`,
    )
  }
  const active = command.active ?? state.active
  if (state.active && !active) refuseNeeded(state, facts)
  const data = fieldsOf(command, active, facts)
  if ((Object.keys(data) as (keyof AccountState)[]).every((key) => data[key] === state[key])) {
    throw new Refusal('nothing_changed', `account ${facts.id} has these values already`)
  }
  return [{ type: 'AccountUpdated', data }]
}

/** A4 */
function refuseNeeded({ code, control }: AccountState, { id, chart }: ChartFacts): void {
  if (control !== '') {
    throw new Refusal('account_control', `account ${code} is the control account of ${control}: it stays`)
  }
  const [role] = chart.rolesOf(id)
  if (role !== undefined) {
    throw new Refusal(
      'account_in_use',
      `documents post to account ${code} as ${role}: set posting rules that name another account first`,
    )
  }
  for (const child of chart.accounts) {
    if (child.parentId !== id || !child.active) continue
    throw new Refusal('account_in_use', `account ${child.code} is summed under ${code}: move it first`)
  }
}

export function decideDeactivate(
  state: AccountState | null,
  command: DeactivateAccount,
  facts: ChartFacts,
): readonly DomainEvent<'AccountDeactivated'>[] {
  refuseMissing(state, facts.id)
  if (!state.active) throw new Refusal('nothing_changed', `account ${state.code} takes no postings already`)
  refuseNeeded(state, facts)
  return [{ type: 'AccountDeactivated', data: { reason: command.reason } }]
}

/** A5 */
export function decidePostingRules(
  state: PostingRulesState | null,
  command: SetPostingRules,
  chart: Chart,
): readonly DomainEvent<'PostingRulesSet'>[] {
  const seen = new Set<string>()
  const rules: Payload<'PostingRulesSet'>['rules'] = command.rules.map(({ role, key, accountId }, index) => {
    const pointer = `/rules/${index}`
    const mine = `${role} ${key.trim().toLowerCase()}`
    if (seen.has(mine)) {
      throw refuseField(
        'validation_failed',
        pointer,
        `${role} has two rules for ${key === '' ? 'all others' : key}`,
      )
    }
    seen.add(mine)
    usable(chart, accountId, controlOf(role), `${pointer}/accountId`)
    return { role, key: key.trim(), accountId }
  })
  if (JSON.stringify(state?.rules ?? []) === JSON.stringify(rules)) {
    throw new Refusal('nothing_changed', 'these rules are in force already')
  }
  return [{ type: 'PostingRulesSet', data: { rules } }]
}
