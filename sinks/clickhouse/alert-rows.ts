/** Records of finance.alerts.v1 as rows of alert_log. Refuses nothing: a record is one row. */
import type { AlertCleared, AlertMoved, AlertRaised } from '../../schemas/generated/records.ts'
import type { InputRecord } from '../../platform/kafka/port.ts'
import type { Row } from './client.ts'
import { day, instant, ratioText } from './column-values.ts'

export type AlertRecord =
  | { readonly type: 'AlertRaised'; readonly data: AlertRaised }
  | { readonly type: 'AlertCleared'; readonly data: AlertCleared }
  | { readonly type: 'AlertMoved'; readonly data: AlertMoved }

const raised = (e: AlertRaised): Row => ({
  kind: 'RAISED',
  state: 'OPEN',
  log_time: instant(e.raisedAt),
  as_of: day(e.asOf),
  rule_id: e.ruleId,
  subject: e.subject,
  severity: e.severity,
  category: e.category,
  impact: e.impact,
  measure: e.measure,
  window: e.window,
  value: ratioText(e.value),
  threshold: ratioText(e.threshold),
  currency: e.currency,
  message: e.message,
  recommendation: e.recommendation,
  inputs: e.inputs,
})

const cleared = (e: AlertCleared): Row => ({
  kind: 'CLEARED',
  state: 'CLEARED',
  log_time: instant(e.clearedAt),
  as_of: day(e.asOf),
  rule_id: e.ruleId,
  subject: e.subject,
  value: ratioText(e.value),
  reason: e.reason,
})

const moved = (e: AlertMoved): Row => ({
  kind: 'MOVED',
  state: e.state,
  log_time: instant(e.movedAt),
  as_of: null,
  actor: e.actor,
  note: e.note,
  escalated_to: e.escalatedTo,
})

function details(record: AlertRecord): Row {
  switch (record.type) {
    case 'AlertRaised':
      return raised(record.data)
    case 'AlertCleared':
      return cleared(record.data)
    case 'AlertMoved':
      return moved(record.data)
  }
}

export const alertRow = (alert: AlertRecord, record: InputRecord): Row => ({
  tenant_id: alert.data.tenantId,
  alert_id: alert.data.alertId,
  cause_id: alert.data.causeId,
  ...details(alert),
  _epoch: alert.data.epoch,
  _partition: record.partition,
  _offset: record.offset,
  _revision: alert.data.revision,
})
