import { describe, expect, it } from '@jest/globals'
import { createMetrics } from '../../../platform/metrics.ts'

describe('metrics', () => {
  it('carry our prefix and the service', async () => {
    const metrics = createMetrics('sinks')
    metrics.counter('task_events_total', 'Events.', ['partition']).inc({ partition: '1' }, 17)
    let lag = 4
    metrics.gauge('task_lag_records', 'Lag.', [], (gauge) => gauge.set(lag))
    metrics.histogram('commit_duration_seconds', 'Commits.').observe(0.02)
    const text = await metrics.registry.metrics()
    expect(text).toContain('nikash_task_events_total{partition="1",service="sinks"} 17')
    expect(text).toContain('nikash_task_lag_records{service="sinks"} 4')
    expect(text).toContain('nikash_commit_duration_seconds_bucket{le="0.025",service="sinks"} 1')
    expect(text).toContain('process_cpu_seconds_total')
    lag = 5
    expect(await metrics.registry.metrics()).toContain('nikash_task_lag_records{service="sinks"} 5')
  })

  it('with names that break the convention are refused', () => {
    const metrics = createMetrics('x')
    expect(() => metrics.counter('task_events', 'no _total')).toThrow(/_total/)
    expect(() => metrics.gauge('task_events_total', 'a gauge')).toThrow(/_total/)
    expect(() => metrics.counter('nikash_task_events_total', 'prefix')).toThrow(/prefix/)
    expect(() => metrics.gauge('Lag', 'capital')).toThrow(/metric name/)
  })
})
