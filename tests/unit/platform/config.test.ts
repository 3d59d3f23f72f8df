import { describe, expect, it } from '@jest/globals'
import { ConfigError, env, loadConfig, redacted, withoutCredentials } from '../../../platform/config.ts'

const shape = {
  KAFKA_BROKERS: env.brokers(),
  ADMIN_PORT: env.port(3101),
  DATABASE_URL: env.url(),
  JWT_ACCESS_SECRET: env.secret(),
  DEMO: env.flag(false),
  TENANTS: env.list([]),
  BATCH: env.integer(1, 100, 10),
}
const good = {
  KAFKA_BROKERS: 'a:9092,b:9093',
  DATABASE_URL: 'postgresql://u:hunter2@h:5432/db',
  JWT_ACCESS_SECRET: 'x'.repeat(32),
}

describe('the configuration', () => {
  it('is typed, has defaults and cannot be changed', () => {
    const config = loadConfig(shape, { ...good, TENANTS: 'a, b,', DEMO: '1', HOME: '/root' })
    expect(config).toEqual({
      ...good,
      KAFKA_BROKERS: ['a:9092', 'b:9093'],
      ADMIN_PORT: 3101,
      DEMO: true,
      TENANTS: ['a', 'b'],
      BATCH: 10,
    })
    expect(() => Object.assign(config, { BATCH: 11 })).toThrow(TypeError)
  })

  it('reports every mistake at once, by name', () => {
    let thrown: unknown
    try {
      loadConfig(shape, {
        KAFKA_BROKERS: 'nowhere',
        ADMIN_PORT: '70000',
        BATCH: '1.5',
        JWT_ACCESS_SECRET: 'short',
      })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ConfigError)
    const problems = (thrown as ConfigError).problems.join('\n')
    for (const name of [
      'KAFKA_BROKERS',
      'ADMIN_PORT',
      'DATABASE_URL is not set',
      'JWT_ACCESS_SECRET',
      'BATCH',
    ]) {
      expect(problems).toContain(name)
    }
    expect((thrown as ConfigError).code).toBe('config_invalid')
  })

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig(shape, { ...good, ADMIN_PORT: ' ' }).ADMIN_PORT).toBe(3101)
    expect(() => loadConfig(shape, { ...good, DATABASE_URL: '' })).toThrow(/DATABASE_URL is not set/)
  })

  it('is shown without secrets', () => {
    const shown = JSON.stringify(redacted(loadConfig(shape, good)))
    expect(shown).not.toContain('hunter2')
    expect(shown).not.toContain('xxxx')
    expect(shown).toContain('postgresql://u:***@h:5432/db')
    expect(withoutCredentials('redis://h:6379')).toBe('redis://h:6379')
  })

  it('keeps a secret that is known by its kind alone out of sight', () => {
    const config = loadConfig({ SIGNING: env.secret() }, { SIGNING: 'y'.repeat(20) })
    expect(redacted(config)).toEqual({ SIGNING: '***' })
  })
})
