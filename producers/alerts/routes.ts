/** Owns the operations of alerts and of the rules that raise them. */
import type { Operation } from '../kernel/operation.ts'
import {
  type AcknowledgeAlert,
  acknowledgeAlert,
  type EscalateAlert,
  escalateAlert,
  type ResolveAlert,
  resolveAlert,
  type SetAlertRule,
  setAlertRule,
} from './commands.ts'
import { decideAcknowledge, decideEscalate, decideResolve, decideSetRule } from './decide.ts'

const setRule: Operation<SetAlertRule> = {
  name: 'alert-rule.set',
  summary: 'Sets a rule of alerts, or sets it anew; it holds from now on',
  path: '/v1/alert-rules',
  role: 'writer',
  aggregate: 'alert-rule',
  creates: true,
  overwrites: true,
  money: false,
  schema: setAlertRule,
  idOf: ({ id }) => id,
  decide: (session, { id, command }) => {
    session.tenant()
    return decideSetRule(session.state('alert-rule', id), command)
  },
}

const acknowledge: Operation<AcknowledgeAlert> = {
  name: 'alert.acknowledge',
  summary: 'Says that somebody looks after an alert',
  path: '/v1/alerts/:id/acknowledge',
  role: 'writer',
  aggregate: 'alert',
  creates: false,
  money: false,
  schema: acknowledgeAlert,
  decide: (session, { id, command }) => {
    session.tenant()
    return decideAcknowledge(session.state('alert', id), command, id)
  },
}

const escalate: Operation<EscalateAlert> = {
  name: 'alert.escalate',
  summary: 'Hands an alert to somebody else',
  path: '/v1/alerts/:id/escalate',
  role: 'writer',
  aggregate: 'alert',
  creates: false,
  money: false,
  schema: escalateAlert,
  decide: (session, { id, command }) => {
    session.tenant()
    return decideEscalate(session.state('alert', id), command, id)
  },
}

const resolve: Operation<ResolveAlert> = {
  name: 'alert.resolve',
  summary: 'Says that an alert is dealt with',
  path: '/v1/alerts/:id/resolve',
  role: 'writer',
  aggregate: 'alert',
  creates: false,
  money: false,
  schema: resolveAlert,
  decide: (session, { id, command }) => {
    session.tenant()
    return decideResolve(session.state('alert', id), command, id)
  },
}

export const alertOperations: readonly Operation[] = [setRule, acknowledge, escalate, resolve]
