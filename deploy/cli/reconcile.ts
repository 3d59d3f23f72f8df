/**
 * Owns `reconcile`: whether stream, Redis, ClickHouse and the ledger say the same of a tenant at one place in the log.
 * Exit code 1 when they don't, or when a store stays behind. Refuses: mending; `rebuild` and `replay` do that.
 */
import { openReconcile } from '../../sinks/reconcile/open.ts'
import { reconcileTenant, type Verdict } from '../../sinks/reconcile/reconcile.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { requireTenant } from './identity.ts'
import { withKafka } from './kafka-access.ts'
import { print, printJson } from './output.ts'

export type ReconcileOptions = DataOption & {
  readonly tenant?: string
  readonly output?: 'json' | 'table'
}

const SHOWN = 20

const isFine = (v: Verdict): boolean =>
  v.mismatches.length === 0 && v.broken.length === 0 && v.unsettled.length === 0

function lines(verdict: Verdict): string[] {
  const { tenantId, asOf, revision, figures, mismatches, broken, unsettled } = verdict
  const where = asOf === null ? '' : ` as of ${asOf} at offset ${revision}`
  if (isFine(verdict)) return [`${tenantId}: ${figures} figures agree${where}`]
  return [
    `${tenantId}: ${mismatches.length + broken.length} of ${figures} figures do not agree${where}`,
    ...mismatches.slice(0, SHOWN).map(({ figure, said, odd }) => {
      const values = Object.entries(said).map(([store, value]) => `${store} ${value}`)
      return `  ${figure}: ${values.join(', ')}; ${odd.join(' and ')} ${odd.length === 1 ? 'differs' : 'differ'}`
    }),
    ...(mismatches.length > SHOWN ? [`  and ${mismatches.length - SHOWN} more (-o json)`] : []),
    ...broken.map((what) => `  ${what}`),
    ...unsettled.map((what) => `  behind: ${what}`),
  ]
}

export const reconcile = async (options: ReconcileOptions): Promise<ExitCode> => {
  const only = options.tenant === undefined ? undefined : requireTenant(options.tenant)
  const { urls, secrets } = openStack(options).context
  const verdicts = await withKafka(options, async ({ port, codec }) => {
    const { parts, close } = await openReconcile(port, codec, {
      redis: urls.redis,
      clickhouse: { url: urls.clickhouse, username: 'nikash_writer', password: secrets.clickhouseWriter },
      database: urls.databaseReader,
    })
    try {
      for (let partition = 0; partition < parts.partitions; partition++) await parts.results.look(partition)
      const { tenants } = parts.results
      if (only !== undefined && !tenants.includes(only))
        throw new StackError(
          'NO_SUCH_TENANT',
          `There are no results of a tenant ${only}.`,
          './nikash tenant list shows them.',
          {
            exitCode: EXIT.wrongUse,
          },
        )
      const found: Verdict[] = []
      for (const tenant of only === undefined ? tenants : [only]) {
        const verdict = await reconcileTenant(parts, tenant)
        found.push(verdict)
        if (options.output !== 'json') for (const line of lines(verdict)) print(line)
      }
      return found
    } finally {
      await close()
    }
  })
  if (options.output === 'json') printJson(verdicts)
  else if (verdicts.length === 0) print('There are no results to compare.')
  return verdicts.every(isFine) ? EXIT.fine : EXIT.finding
}
