/** Records of finance.alerts.v1 for tests: whole ones from the few fields that a test is about. */
import type { AlertCleared, AlertMoved, AlertRaised } from '../../../../schemas/generated/records.ts'
import { parseDay } from '../../../../schemas/values/calendar.ts'
import type { AlertRecord } from '../../../../sinks/clickhouse/alert-rows.ts'

export const NOON = Date.parse('2026-11-22T06:00:00.000Z')

export const raised = (alertId: string, more: Partial<AlertRaised> = {}): AlertRecord => ({
  type: 'AlertRaised',
  data: {
    tenantId: 'acme',
    alertId,
    ruleId: 'cash-flow',
    subject: '',
    severity: 'CRITICAL',
    category: 'CASH_FLOW',
    impact: 'HIGH',
    measure: 'projectedBalance',
    window: '',
    value: '-0.01',
    threshold: '0',
    currency: 'BDT',
    message: 'Cash runs short',
    recommendation: 'Collect',
    inputs: { cash: '5.00' },
    asOf: parseDay('2026-11-22'),
    raisedAt: NOON,
    causeId: 'e-1',
    epoch: 1,
    revision: 7,
    ...more,
  },
})

export const cleared = (alertId: string, more: Partial<AlertCleared> = {}): AlertRecord => ({
  type: 'AlertCleared',
  data: {
    tenantId: 'acme',
    alertId,
    ruleId: 'cash-flow',
    subject: '',
    value: '3.00',
    reason: 'back_to_normal',
    asOf: parseDay('2026-11-23'),
    clearedAt: NOON + 86_400_000,
    causeId: 'e-2',
    epoch: 1,
    revision: 9,
    ...more,
  },
})

export const moved = (
  alertId: string,
  state: AlertMoved['state'],
  more: Partial<AlertMoved> = {},
): AlertRecord => ({
  type: 'AlertMoved',
  data: {
    tenantId: 'acme',
    alertId,
    state,
    actor: 'user:rahima',
    note: 'calling them',
    escalatedTo: '',
    movedAt: NOON + 60_000,
    causeId: 'e-3',
    epoch: 1,
    revision: 8,
    ...more,
  },
})
