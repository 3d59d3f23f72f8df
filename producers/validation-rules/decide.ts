/**
 * Owns a tenant's own validation rules: setting them, and refusing commands by them. PURE.
 * V1: rules are data: they hold from the next command on, and for commands alone, never for what is stored already.
 * V2: a rule is about one operation of writers and about fields that its command has, so that a slip of the pen is
 *     refused when the rule is set, not silently without effect. V3: no rule is about setting rules: it could lock itself in.
 */
import { Refusal, refuseField } from '../kernel/errors.ts'
import type { DomainEvent, Payload } from '../kernel/events.ts'
import type { RuleInput, SetValidationRules } from './commands.ts'
import { comparisonsIn, type Condition, conditionOf, fieldsIn, heldAt } from './condition.ts'

export type ValidationRulesState = Payload<'ValidationRulesSet'>
type Rule = ValidationRulesState['rules'][number]

const CONDITION_LENGTH_MAX = 4_000
/** Of all rules together: each is made with every line of a command, some 2 us each, on the thread that serves all tenants. */
const COMPARISONS_MAX = 300

/** What rules may be about: whether an operation exists, and whether its command has a field. */
export interface RuleTargets {
  readonly operations: readonly string[]
  hasField(operation: string, field: string): boolean
}

export function decideSet(
  state: ValidationRulesState | null,
  command: SetValidationRules,
  targets: RuleTargets,
): readonly DomainEvent<'ValidationRulesSet'>[] {
  const rules = command.rules.map((rule, index) => ruleOf(rule, `/rules/${index}`, targets))
  const seen = new Set<string>()
  for (const [index, { id }] of rules.entries()) {
    if (seen.has(id)) {
      throw refuseField('validation_failed', `/rules/${index}/id`, `there are two rules ${id}`)
    }
    seen.add(id)
  }
  const comparisons = rules.reduce((sum, rule) => sum + comparisonsIn(parsed(rule.condition)), 0)
  if (comparisons > COMPARISONS_MAX) {
    throw refuseField(
      'validation_failed',
      '/rules',
      `make ${comparisons} comparisons together: ${COMPARISONS_MAX} at most`,
    )
  }
  if (JSON.stringify(rules) === JSON.stringify(state?.rules ?? [])) {
    throw new Refusal('nothing_changed', 'these are the rules already')
  }
  return [{ type: 'ValidationRulesSet', data: { rules } }]
}

function ruleOf(input: RuleInput, pointer: string, targets: RuleTargets): Rule {
  const { id, operation, message, active } = input
  if (!targets.operations.includes(operation)) {
    throw refuseField(
      'validation_failed',
      `${pointer}/operation`,
      `${operation} is no operation for rules: use ${targets.operations.join(', ')}`,
    )
  }
  const condition = conditionOf(input.condition, `${pointer}/condition`)
  for (const found of fieldsIn(condition, `${pointer}/condition`)) {
    if (!targets.hasField(operation, found.field)) {
      throw refuseField('validation_failed', found.pointer, `${operation} has no field ${found.field}`)
    }
  }
  const text = JSON.stringify(condition)
  if (text.length > CONDITION_LENGTH_MAX) {
    throw refuseField(
      'validation_failed',
      `${pointer}/condition`,
      `is longer than ${CONDITION_LENGTH_MAX} characters: make it two rules`,
    )
  }
  return { id, operation, condition: text, message, pointer: input.pointer, active }
}

/** Throws the refusal of every active rule of this operation that the command breaks. */
export function refuseByRules(state: ValidationRulesState | null, operation: string, command: unknown): void {
  if (!state) return
  const broken = state.rules.flatMap((rule) => {
    if (!rule.active || rule.operation !== operation) return []
    const at = heldAt(parsed(rule.condition), command)
    return at === undefined ? [] : [{ rule, pointer: rule.pointer === '' ? at : rule.pointer }]
  })
  const [first] = broken
  if (!first) return
  const errors = broken.map(({ rule, pointer }) => ({ pointer, detail: `${rule.message} (rule ${rule.id})` }))
  throw new Refusal('rule_refused', `${first.rule.message} (rule ${first.rule.id})`, {
    errors,
    rule: first.rule.id,
  })
}

/** The condition was checked when the rule was set. */
const parsed = (text: string): Condition => JSON.parse(text) as Condition

export const evolveValidationRules = (
  _state: ValidationRulesState | null,
  event: DomainEvent<'ValidationRulesSet'>,
): ValidationRulesState => event.data
