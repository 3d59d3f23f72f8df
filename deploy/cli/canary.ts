/** What `status` says of the canary tenant: what the part `reconcile` found when it last looked at it. */
import type { CanaryReport } from '../../sinks/reconcile/canary-loop.ts'
import { messageOf } from '../local/errors.ts'
import { httpGet } from '../local/part.ts'
import type { StackAccess } from './access.ts'
import { duration } from './output.ts'

export type Canary = CanaryReport | { readonly unknown: string }

/** Undefined where there is no canary. */
export const readCanary = async ({ state, context }: StackAccess): Promise<Canary | undefined> => {
  if (!state.parts.some(({ name }) => name === 'canary')) return undefined
  try {
    const { status, body } = await httpGet(context.ports.admin.reconcile, '/canary')
    if (status === 200) return JSON.parse(body) as CanaryReport
    return { unknown: `reconcile answers ${status}: ${body.trim().slice(0, 200)}` }
  } catch (error) {
    return { unknown: messageOf(error) }
  }
}

export const canaryLine = (canary: Canary, now: number): string => {
  if ('unknown' in canary) return `canary: not known, ${canary.unknown}`
  const { rounds, figures, wrong, late, rightUntil } = canary
  const right = rightUntil === null ? 'never yet' : `up to ${duration(now - Date.parse(rightUntil))} ago`
  const [first] = wrong
  if (first !== undefined) {
    const more = wrong.length > 1 ? `, and ${wrong.length - 1} more` : ''
    return `canary: WRONG, ${first.store} says ${first.said} of ${first.figure}, ${rounds} rounds make ${first.computed}${more}; right ${right}`
  }
  if (late.length > 0) return `canary: late, ${late.join('; ')}; right ${right}`
  return `canary: ${rounds} rounds, ${figures} figures as computed in every store, right ${right}`
}
