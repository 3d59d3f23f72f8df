/** GET /v1/alerts, /v1/alerts/{id}, /v1/alert-rules; POST /v1/alerts/{id}/acknowledge, /escalate, /resolve (passed on). */
import { z } from 'zod'
import { BUILT_IN_RULES, categoryOf, rulesOf } from '../../schemas/rules/alerts/rules.ts'
import { forwarded } from '../http/forward.ts'
import type { Operation } from '../http/operation.ts'
import { tenantOperation } from '../http/operation.ts'
import { currencyCode, day, decimal, instant } from '../http/schemas.ts'
import { operationsOfResource, unknownResource } from '../reads/list.ts'
import { orNull, plain } from '../reads/text.ts'
import type { Services } from '../services.ts'

interface Row {
  readonly alert_id: string
  readonly rule_id: string
  readonly subject: string
  readonly state: string
  readonly severity: string
  readonly category: string
  readonly impact: string
  readonly measure: string
  readonly window: string
  readonly value_text: string | null
  readonly threshold_text: string | null
  readonly currency: string
  readonly message: string
  readonly recommendation: string
  readonly inputs: Readonly<Record<string, string>>
  readonly raised_on: string
  readonly raised: string
  readonly cleared: string | null
  readonly moved: string | null
  readonly actor: string
  readonly note: string
  readonly escalated_to: string
}

const STATES = ['OPEN', 'ACKNOWLEDGED', 'ESCALATED', 'RESOLVED', 'CLEARED'] as const
const SEVERITIES = ['INFO', 'WARNING', 'CRITICAL'] as const
const CATEGORIES = ['CASH_FLOW', 'RECEIVABLES', 'KPI', 'PAYMENTS', 'COMPLIANCE', 'ANOMALY'] as const

const alert = z
  .object({
    id: z.string(),
    ruleId: z.string(),
    subject: z
      .string()
      .nullable()
      .openapi({ description: 'A payment, a customer or a day; null = the tenant as a whole.' }),
    state: z.enum(STATES).openapi({ description: 'CLEARED: over by itself.' }),
    severity: z.string(),
    category: z.string(),
    impact: z.string(),
    measure: z.string(),
    window: z.string().nullable(),
    value: decimal.nullable(),
    threshold: decimal.nullable(),
    currency: currencyCode,
    message: z.string(),
    recommendation: z.string(),
    inputs: z.record(z.string(), z.string()),
    asOf: day,
    raisedAt: instant,
    clearedAt: instant.nullable(),
    movedAt: instant.nullable(),
    actor: z.string().nullable(),
    note: z.string().nullable(),
    escalatedTo: z.string().nullable(),
  })
  .openapi('Alert')

const at = (column: string): string =>
  `if(isNull(${column}), NULL, concat(replaceOne(toString(${column}), ' ', 'T'), 'Z'))`

const TAG = 'Alerts'

export function alerts(services: Services): readonly Operation[] {
  const reads = operationsOfResource<Row, typeof alert>(services, {
    plural: 'alerts',
    singular: 'alert',
    alias: false,
    tag: TAG,
    description: 'As they stand. Live ones also come over the socket channel alerts:TENANT.',
    view: 'alerts',
    columns: `alert_id, rule_id, subject, state, severity, category, impact, measure, window,
  toString(value) AS value_text, toString(threshold) AS threshold_text, currency, message, recommendation, inputs,
  toString(as_of) AS raised_on, ${at('raised_at')} AS raised, ${at('cleared_at')} AS cleared, ${at('moved_at')} AS moved,
  actor, note, escalated_to`,
    idColumn: 'alert_id',
    id: (row) => row.alert_id,
    order: { column: at('raised_at'), type: 'String', of: (row) => row.raised },
    filters: {
      state: { column: 'state', schema: z.enum(STATES) },
      severity: { column: 'severity', schema: z.enum(SEVERITIES) },
      category: { column: 'category', schema: z.enum(CATEGORIES) },
      ruleId: { column: 'rule_id', schema: z.string().min(1).max(64) },
    },
    dateColumn: 'as_of',
    response: alert,
    map: (row) => ({
      id: row.alert_id,
      ruleId: row.rule_id,
      subject: orNull(row.subject),
      state: STATES.find((state) => state === row.state) ?? 'OPEN',
      severity: row.severity,
      category: row.category,
      impact: row.impact,
      measure: row.measure,
      window: orNull(row.window),
      value: row.value_text === null ? null : plain(row.value_text),
      threshold: row.threshold_text === null ? null : plain(row.threshold_text),
      currency: row.currency,
      message: row.message,
      recommendation: row.recommendation,
      inputs: row.inputs,
      asOf: row.raised_on,
      raisedAt: row.raised,
      clearedAt: row.cleared,
      movedAt: row.moved,
      actor: orNull(row.actor),
      note: orNull(row.note),
      escalatedTo: orNull(row.escalated_to),
    }),
  })
  return [...reads, ...moves(services)]
}

const EXISTS_SQL =
  'SELECT 1 AS found FROM finance.alerts WHERE tenant_id = {tenant:String} AND alert_id = {id:String} LIMIT 1'

const note = z.string().max(1_000).optional()

function moves(services: Services): readonly Operation[] {
  // Redis is a moment ahead of ClickHouse, and knows what is live alone.
  async function exists(tenant: string, id: string, signal: AbortSignal): Promise<void> {
    if ((await services.live.hasAlert(tenant, id)) === true) return
    const question = { name: 'alert_exists', sql: EXISTS_SQL, params: { tenant, id }, signal }
    if ((await services.clickhouse.rows(question)).length === 0) throw unknownResource('alert', id)
  }
  const description = 'Passed on to the command service, which records who did it.'
  const common = { tag: TAG, description, exists }
  return [
    forwarded(services, {
      ...common,
      path: '/v1/alerts/{id}/acknowledge',
      summary: 'Say that somebody looks after an alert',
      body: z.object({ note }).openapi('AlertNote'),
    }),
    forwarded(services, {
      ...common,
      path: '/v1/alerts/{id}/escalate',
      summary: 'Hand an alert to somebody else',
      body: z.object({ escalatedTo: z.string().max(200).optional(), note }).openapi('AlertEscalation'),
    }),
    forwarded(services, {
      ...common,
      path: '/v1/alerts/{id}/resolve',
      summary: 'Say that an alert that was acknowledged or escalated is dealt with',
      body: z.object({ note }).openapi('AlertResolution'),
    }),
  ]
}

interface RuleRow {
  readonly rule_id: string
  readonly measure: string
  readonly window: string
  readonly operator: 'ABOVE' | 'BELOW'
  readonly threshold: string
  readonly clear_level: string | null
  readonly cool_down_minutes: number
  readonly severity: 'INFO' | 'WARNING' | 'CRITICAL'
  readonly impact: 'LOW' | 'MEDIUM' | 'HIGH'
  readonly parameters: Readonly<Record<string, string>>
  readonly is_active: boolean
}

const RULES_SQL = `SELECT rule_id, measure, window, operator, threshold, clear_level, cool_down_minutes, severity, impact,
  parameters, is_active
FROM finance.dim_alert_rules WHERE tenant_id = {tenant:String} ORDER BY rule_id`

const alertRule = z
  .object({
    id: z.string(),
    measure: z.string(),
    category: z.string(),
    window: z.string().nullable(),
    operator: z.string(),
    threshold: decimal,
    clearLevel: decimal.nullable().openapi({ description: 'null = the threshold.' }),
    coolDownMinutes: z.number().int(),
    severity: z.string(),
    impact: z.string(),
    parameters: z.record(z.string(), z.string()),
    active: z.boolean(),
    builtIn: z.boolean().openapi({ description: 'Every tenant has it, unless it set one with the same id.' }),
  })
  .openapi('AlertRule')

export const alertRules = (services: Services) =>
  tenantOperation({
    method: 'get',
    path: '/v1/alert-rules',
    tag: TAG,
    summary: 'The rules of alerts that hold for the tenant: built-in ones, and its own',
    description: 'Set one with POST /v1/alert-rules on the command service: it holds from then on.',
    response: z.object({ asOf: day, data: z.array(alertRule) }).openapi('AlertRuleList'),
    async handle({ principal: { tenant }, signal }) {
      const rows = await services.clickhouse.rows<RuleRow>({
        name: 'alert_rules',
        sql: RULES_SQL,
        params: { tenant },
        signal,
      })
      const own = rows.map((row) => ({
        id: row.rule_id,
        measure: row.measure,
        window: row.window,
        operator: row.operator,
        threshold: row.threshold,
        clearLevel: row.clear_level,
        coolDownMinutes: row.cool_down_minutes,
        severity: row.severity,
        impact: row.impact,
        parameters: row.parameters,
        active: row.is_active,
      }))
      const data = rulesOf(own).map((rule) => ({
        ...rule,
        parameters: { ...rule.parameters },
        window: orNull(rule.window),
        category: categoryOf(rule.measure),
        builtIn: BUILT_IN_RULES.includes(rule),
      }))
      return { asOf: await services.tenants.today(tenant), data }
    },
  })
