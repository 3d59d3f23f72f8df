import { describe, expect, it } from '@jest/globals'
import { codeOf, NikashError, recoverOf, toProblem } from '../../../platform/errors.ts'
import { KafkaError, RECOVERS, requireMembership } from '../../../platform/kafka/errors.ts'
import { RegistryError } from '../../../schemas/registry.ts'

describe('errors', () => {
  it('say by code and recover what to do, whoever made them', () => {
    const cause = new Error('socket hang up')
    const error = new NikashError('sink_full', 'the queue of kpi is full', { recover: 'retry', cause })
    expect([codeOf(error), recoverOf(error), error.cause]).toEqual(['sink_full', 'retry', cause])
    expect(recoverOf(new RegistryError('registry_unreachable', 'away'))).toBe('retry')
    expect(recoverOf(new KafkaError('ILLEGAL_GENERATION', 'over'))).toBe('rejoin')
    expect(codeOf(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED')
  })

  it('that say nothing are internal and a reason to stop', () => {
    for (const bug of [new TypeError('x'), 'text', null, undefined, 7, { code: 3, recover: 'dance' }]) {
      expect([codeOf(bug), recoverOf(bug)]).toEqual(['internal', 'stop'])
    }
  })

  it('become a problem by the one table of the service', () => {
    const error = new NikashError('version_conflict', 'INV-1 is at version 4', { details: { version: 4 } })
    expect(toProblem(error, { version_conflict: 409 }, { instance: '/v1/invoices/INV-1' })).toEqual({
      type: 'urn:nikash:problem:version_conflict',
      title: 'Conflict with the current state',
      status: 409,
      code: 'version_conflict',
      detail: 'INV-1 is at version 4',
      instance: '/v1/invoices/INV-1',
      version: 4,
    })
  })

  it('that no table knows do not tell strangers what happened inside', () => {
    const problem = toProblem(new Error('password of postgres is hunter2'), { toString: 400 })
    expect(problem).toMatchObject({ status: 500, code: 'internal' })
    expect(JSON.stringify(problem)).not.toContain('hunter2')
    const odd = Object.assign(new Error('secret'), { code: 'toString' })
    expect(toProblem(odd, {})).toMatchObject({ status: 500, code: 'internal' })
  })

  it('of Kafka each ask for something', () => {
    for (const recover of Object.values(RECOVERS)) {
      expect(['retry', 'rebuild-task', 'rejoin', 'dead-letter', 'stop']).toContain(recover)
    }
  })

  it('refuse an offset commit without a known generation', () => {
    const good = { groupId: 'g', generationId: 0, memberId: 'm' }
    expect(() => requireMembership(good)).not.toThrow()
    for (const bad of [undefined, { ...good, generationId: -1 }, { ...good, memberId: '' }]) {
      expect(() => requireMembership(bad)).toThrow(
        expect.objectContaining({ code: 'NO_MEMBERSHIP' }) as never,
      )
    }
  })
})
