/** Owns the operations of the chart of accounts. Each holds the tenant's chart alone, so postings wait for it. */
import type { Operation, Target } from '../kernel/operation.ts'
import type { Session } from '../kernel/session.ts'
import { CHART_COUNTER } from '../ledger/chart.ts'
import {
  type CreateAccount,
  createAccount,
  type DeactivateAccount,
  deactivateAccount,
  type SetPostingRules,
  setPostingRules,
  type UpdateAccount,
  updateAccount,
} from './commands.ts'
import {
  type ChartFacts,
  decideCreate,
  decideDeactivate,
  decidePostingRules,
  decideUpdate,
} from './decide.ts'

const RULES_ID = 'rules'

const factsOf = (session: Session, { id }: Target<unknown>): ChartFacts => ({ id, chart: session.chart() })

const changing = { role: 'writer', money: false, ledger: 'changes' } as const

const create: Operation<CreateAccount> = {
  ...changing,
  name: 'account.create',
  summary: 'Adds an account to the chart',
  path: '/v1/accounts',
  aggregate: 'account',
  creates: true,
  schema: createAccount,
  idOf: (command) => command.id ?? command.code,
  counters: () => [CHART_COUNTER],
  decide: (session, target) =>
    decideCreate(session.state('account', target.id), target.command, factsOf(session, target)),
}

const update: Operation<UpdateAccount> = {
  ...changing,
  name: 'account.update',
  summary: 'Replaces the fields of an account; class and control stay',
  path: '/v1/accounts/:id/update',
  aggregate: 'account',
  creates: false,
  schema: updateAccount,
  counters: () => [CHART_COUNTER],
  decide: (session, target) =>
    decideUpdate(session.state('account', target.id), target.command, factsOf(session, target)),
}

const deactivate: Operation<DeactivateAccount> = {
  ...changing,
  name: 'account.deactivate',
  summary: 'Takes an account out of use: no more postings, its balance stays',
  path: '/v1/accounts/:id/deactivate',
  aggregate: 'account',
  creates: false,
  schema: deactivateAccount,
  counters: () => [CHART_COUNTER],
  decide: (session, target) =>
    decideDeactivate(session.state('account', target.id), target.command, factsOf(session, target)),
}

const rules: Operation<SetPostingRules> = {
  ...changing,
  name: 'posting-rules.set',
  summary: 'Sets which accounts documents post to: all rules of the tenant',
  path: '/v1/posting-rules',
  aggregate: 'posting-rules',
  creates: true,
  overwrites: true,
  schema: setPostingRules,
  idOf: () => RULES_ID,
  counters: () => [CHART_COUNTER],
  decide: (session, { id, command }) =>
    decidePostingRules(session.state('posting-rules', id), command, session.chart()),
}

export const accountOperations: readonly Operation[] = [create, update, deactivate, rules]
