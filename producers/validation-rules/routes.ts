/** Owns the operation of validation rules, and what of other operations they may name. */
import { z } from 'zod'
import type { Operation } from '../kernel/operation.ts'
import { type SetValidationRules, setValidationRules } from './commands.ts'
import { decideSet, type RuleTargets } from './decide.ts'

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

const variants = (node: Node): readonly Node[] => [node, ...(node.anyOf ?? []).flatMap(variants)]

/** Whether a command of this form can have the field that a path such as lines[*].unitPrice names. */
export function hasField(schema: z.ZodType, field: string): boolean {
  let nodes: readonly Node[] = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node]
  for (const segment of field.split('.')) {
    const name = segment.replace('[*]', '')
    nodes = nodes
      .flatMap(variants)
      .flatMap(({ properties = {} }) => (Object.hasOwn(properties, name) ? (properties[name] ?? []) : []))
    if (name !== segment) nodes = nodes.flatMap(variants).flatMap(({ items }) => items ?? [])
  }
  return nodes.length > 0
}

/** `operations`: all there are, asked for when a rule is set. */
export function validationRuleOperations(operations: () => readonly Operation[]): readonly Operation[] {
  const set: Operation<SetValidationRules> = {
    name: 'validation-rules.set',
    summary: "Sets all of the tenant's own validation rules; they hold from the next command on",
    path: '/v1/validation-rules',
    role: 'writer',
    aggregate: 'validation-rules',
    creates: true,
    overwrites: true,
    money: false,
    schema: setValidationRules,
    idOf: (_command, tenantId) => tenantId,
    decide: (session, { id, command }) => {
      session.tenant()
      return decideSet(session.state('validation-rules', id), command, targetsOf(operations()))
    },
  }
  return [set]
}

function targetsOf(operations: readonly Operation[]): RuleTargets {
  const schemas = new Map(
    operations
      .filter(({ role, aggregate }) => role === 'writer' && aggregate !== 'validation-rules')
      .map(({ name, schema }) => [name, schema]),
  )
  return {
    operations: [...schemas.keys()],
    hasField: (operation, field) => {
      const schema = schemas.get(operation)
      return schema !== undefined && hasField(schema, field)
    },
  }
}
