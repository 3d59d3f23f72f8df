/** Alerts as analysts and the API read them (V1-V4 of views.ts): by alert, by step, and the rules that tenants set. */
import { NOT_REFUSED } from './as-of.ts'
import { CODE, column, DAY, INSTANT, lineage, newest, TENANT, TEXT, type View } from './view-definition.ts'

const RATIO = 'Nullable(Decimal(38, 8))'
/** Order of the records of an alert: an alert is written anew, with the same id, by a new incarnation. */
const PLACE = '(log._epoch, log._offset)'
const first = (name: string): string => `argMaxIf(log.${name}, ${PLACE}, log.kind = 'RAISED')`
const firstOrNull = (name: string): string => `argMaxIf(tuple(log.${name}), ${PLACE}, log.kind = 'RAISED').1`
const moved = (name: string): string => `argMaxIf(log.${name}, ${PLACE}, log.kind = 'MOVED')`
const lastAt = (kind: string): string => `argMaxOrNullIf(log.log_time, ${PLACE}, log.kind = '${kind}')`

const alerts: View = {
  name: 'alerts',
  doc: 'Alerts as they stand, one row each.',
  columns: [
    TENANT,
    column('alert_id', TEXT, 'Alert', 'log.alert_id'),
    column('rule_id', TEXT, 'Rule that it comes from', first('rule_id')),
    column(
      'subject',
      TEXT,
      'What it is about: a payment, a customer, a day; empty = the tenant',
      first('subject'),
    ),
    column(
      'state',
      CODE,
      'OPEN, ACKNOWLEDGED, ESCALATED, RESOLVED, or CLEARED: it is over by itself',
      `argMax(log.state, ${PLACE})`,
    ),
    column('severity', CODE, 'INFO, WARNING or CRITICAL', first('severity')),
    column(
      'category',
      CODE,
      'CASH_FLOW, RECEIVABLES, KPI, PAYMENTS, COMPLIANCE or ANOMALY',
      first('category'),
    ),
    column('impact', CODE, 'LOW, MEDIUM or HIGH', first('impact')),
    column('measure', CODE, 'What was watched', first('measure')),
    column('window', CODE, 'Window of a KPI; empty = none', first('window')),
    column('value', RATIO, 'What it was when the alert was raised', firstOrNull('value')),
    column('threshold', RATIO, 'What it should not pass', firstOrNull('threshold')),
    column('currency', CODE, 'Base currency of amounts', first('currency')),
    column('message', TEXT, 'What happened', first('message')),
    column('recommendation', TEXT, 'What to do about it', first('recommendation')),
    column(
      'inputs',
      'Map(LowCardinality(String), String)',
      'Figures that it was computed from',
      first('inputs'),
    ),
    column('as_of', DAY, 'Local day on which it was raised', `assumeNotNull(${firstOrNull('as_of')})`),
    column('raised_at', INSTANT, 'Log time at which it was raised', first('log_time')),
    column(
      'cleared_at',
      `Nullable(${INSTANT})`,
      'When it was over by itself; null = it was not',
      lastAt('CLEARED'),
    ),
    column(
      'moved_at',
      `Nullable(${INSTANT})`,
      'When a person last moved it; null = nobody did',
      lastAt('MOVED'),
    ),
    column('actor', TEXT, 'Who moved it last; empty = nobody', moved('actor')),
    column('note', TEXT, 'What they had to say', moved('note')),
    column('escalated_to', TEXT, 'Who is asked now; empty = nobody in particular', moved('escalated_to')),
    column('cause_id', TEXT, 'Event, or instant of the tick, that raised it', first('cause_id')),
    ...lineage.map(({ name, type, doc }) => column(name, type, doc, `argMax(log.${name}, ${PLACE})`)),
  ],
  from: `finance.alert_log AS log
GROUP BY tenant_id, alert_id
HAVING countIf(log.kind = 'RAISED') > 0`,
}

const history: View = {
  name: 'alert_history',
  doc: 'What became of alerts: one row per step of each.',
  columns: [
    TENANT,
    column('alert_id', TEXT, 'Alert'),
    column('kind', CODE, 'RAISED, CLEARED or MOVED'),
    column('state', CODE, 'Where it stands after it'),
    column('log_time', INSTANT, 'Log time of the step'),
    column('value', RATIO, 'What the measure was; null = not known, or a step of a person'),
    column('reason', CODE, 'Why it cleared: back_to_normal, rule_off or rule_changed'),
    column('actor', TEXT, 'Who moved it; empty = the processors'),
    column('note', TEXT, 'What they had to say'),
    column('escalated_to', TEXT, 'Who is asked now'),
    column('cause_id', TEXT, 'Event, or instant of the tick, that it follows from'),
    ...lineage,
  ],
  from: `finance.alert_log
WHERE (tenant_id, alert_id, _epoch) IN (
  SELECT tenant_id, alert_id, max(_epoch) FROM finance.alert_log GROUP BY tenant_id, alert_id)`,
}

const DOCUMENT = 'argMax(log.payload, _position)'
const said = (name: string): string => `JSONExtractString(${DOCUMENT}, '${name}')`

const rules: View = {
  name: 'dim_alert_rules',
  doc: 'Rules of alerts that tenants set, as they are now. Built-in rules are not in it, unless a tenant changed them.',
  columns: [
    TENANT,
    column('rule_id', TEXT, 'Rule', 'aggregate_id'),
    column('measure', TEXT, 'What is watched', said('measure')),
    column('window', TEXT, 'Window of a KPI; empty = none', said('window')),
    column('operator', TEXT, 'ABOVE or BELOW', said('operator')),
    column('threshold', TEXT, 'Decimal text in the unit of the measure', said('threshold')),
    column(
      'clear_level',
      'Nullable(String)',
      'Where the alert clears; null = at the threshold',
      `JSONExtract(${DOCUMENT}, 'clearLevel', 'Nullable(String)')`,
    ),
    column(
      'cool_down_minutes',
      'Int32',
      'Silence after an alert',
      `JSONExtract(${DOCUMENT}, 'coolDownMinutes', 'Int32')`,
    ),
    column('severity', TEXT, 'INFO, WARNING or CRITICAL', said('severity')),
    column('impact', TEXT, 'LOW, MEDIUM or HIGH', said('impact')),
    column(
      'parameters',
      'Map(String, String)',
      'Parameters of a pattern',
      `JSONExtract(${DOCUMENT}, 'parameters', 'Map(String, String)')`,
    ),
    column('is_active', 'Bool', 'It is on', `JSONExtract(${DOCUMENT}, 'active', 'Bool')`),
    column('updated_at', INSTANT, 'When it was set', 'max(log.appended_at)'),
    column('actor', TEXT, 'Who set it', 'argMax(log.actor, _position)'),
    ...newest,
  ],
  from: `finance.event_log AS log
WHERE entity = 'alert-rule' AND ${NOT_REFUSED}
GROUP BY tenant_id, aggregate_id`,
}

export const ALERT_VIEWS: readonly View[] = [alerts, history, rules]
