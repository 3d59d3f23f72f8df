import { describe, expect, it } from '@jest/globals'
import { NikashError } from '../../../platform/errors.ts'
import { createLog } from '../../../platform/log.ts'

function lines() {
  const out: string[] = []
  return { out, destination: { write: (line: string) => void out.push(line) } }
}

describe('the log', () => {
  it('writes one JSON object a line, with level, time and service', () => {
    const { out, destination } = lines()
    createLog({ service: 'sinks', destination }).info({ topic: 'x', partition: 3 }, 'started')
    expect(out).toHaveLength(1)
    const line = JSON.parse(out[0] ?? '') as Record<string, unknown>
    expect(line).toMatchObject({ level: 'info', service: 'sinks', topic: 'x', partition: 3, msg: 'started' })
    expect(new Date(String(line['time'])).toISOString()).toBe(line['time'])
  })

  it('tells the code of an error and what it asks for', () => {
    const { out, destination } = lines()
    const err = new NikashError('lag', 'too far behind', { recover: 'rebuild-task' })
    createLog({ service: 's', destination }).error({ err }, 'failed')
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      err: { code: 'lag', recover: 'rebuild-task', message: 'too far behind' },
    })
  })

  it('stars secrets, also inside of objects', () => {
    const { out, destination } = lines()
    const request = { headers: { authorization: 'Bearer hunter2' }, token: 'hunter2' }
    createLog({ service: 's', destination }).info({ password: 'hunter2', request }, 'asked')
    expect(out.join('')).not.toContain('hunter2')
  })

  it('drops what is below its level', () => {
    const { out, destination } = lines()
    const log = createLog({ service: 's', level: 'warn', destination })
    log.info('no')
    log.warn('yes')
    expect(out).toHaveLength(1)
  })
})
