/** Owns what the running processors say of tenants that are stopped or being rebuilt. Refuses: guessing when they are silent. */
import type { ProcessReport } from '../../processors/runtime/report.ts'
import type { HeldTenant } from '../../processors/runtime/tenants/rebuild.ts'
import { httpGet } from '../local/part.ts'
import { type DataOption, openStack } from './access.ts'

/** A tenant whose events the processors leave out, with the partition on which its position counts. */
export type StoppedHere = HeldTenant & { readonly partition: number }

const ANSWER_MS = 12_000

/** Undefined: the processors do not answer, so nobody knows. */
export const stoppedTenants = async (options: DataOption): Promise<readonly StoppedHere[] | undefined> => {
  try {
    const port = openStack(options).context.ports.admin.processors
    const { status, body } = await httpGet(port, '/tasks', ANSWER_MS)
    if (status !== 200) return undefined
    const { tasks } = JSON.parse(body) as ProcessReport
    return tasks.flatMap(({ partition, tenants }) => tenants.map((held) => ({ ...held, partition })))
  } catch {
    return undefined
  }
}

export const positionText = ({ partition, offset, at, mode, rebuiltTo, error }: StoppedHere): string => {
  const since = at === null ? '' : `, log time ${new Date(at).toISOString()}`
  const rebuild =
    error !== null
      ? `; its rebuild was given up: ${error}`
      : mode === 'rebuilding'
        ? `; being rebuilt${rebuiltTo === null ? '' : `, at offset ${rebuiltTo}`}`
        : ''
  return `since partition ${partition} offset ${offset}${since}${rebuild}`
}
