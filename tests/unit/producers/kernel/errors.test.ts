import { describe, expect, it } from '@jest/globals'
import { type ProblemCode, problemOf, Refusal, STATUSES } from '../../../../producers/kernel/errors.ts'

describe('refusals', () => {
  it.each(Object.entries(STATUSES))('%s turns into HTTP %s as a problem with its code', (code, status) => {
    const problem = problemOf(
      new Refusal(code as ProblemCode, 'what happened', { currentVersion: 3 }),
      '/v1/x',
    )
    expect(problem).toMatchObject({
      code,
      status,
      detail: 'what happened',
      instance: '/v1/x',
      currentVersion: 3,
    })
    expect(problem.type).toContain(code)
  })

  it('uses statuses as the contract says', () => {
    const of = (code: ProblemCode) => STATUSES[code]
    expect([
      of('idempotency_key_missing'),
      of('idempotency_key_reused'),
      of('idempotency_key_in_progress'),
      of('version_stale'),
      of('conflict'),
      of('role_refused'),
    ]).toEqual([400, 422, 409, 412, 409, 403])
  })
})
