/** Tells people of tenants whose handlers keep throwing, with the command that stops one. Stops nothing. */
import type { RuntimeLog } from '../log.ts'
import { METRICS, type RuntimeMetrics } from '../metrics.ts'
import type { FailingTenants } from './failing.ts'

export function tellFailing(
  failing: FailingTenants,
  partition: number,
  log: RuntimeLog,
  metrics: RuntimeMetrics,
): void {
  const { alarms, well } = failing.news()
  for (const { tenant, failures, message } of alarms) {
    metrics.gauge(METRICS.tenantFailures, failures, { tenant })
    log.error(
      { partition, tenant, failures, reason: message },
      `the handlers throw at every event of tenant ${tenant}; to stop it: ./nikash tenant stop ${tenant} --reason "..."`,
    )
  }
  for (const tenant of well) {
    metrics.forget?.(METRICS.tenantFailures, { tenant })
    log.info({ partition, tenant }, 'an event of the tenant went well again')
  }
}
