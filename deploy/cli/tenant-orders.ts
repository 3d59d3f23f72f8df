/**
 * Owns `tenant stop|rebuild|resume`: orders to the processors, given through the command service as events, and what the
 * processors say of them. Refuses: changing state by any other way; saying "rebuilt" before the processors do.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { openStack } from './access.ts'
import { requireTenant } from './identity.ts'
import { print, printJson } from './output.ts'
import { stoppedTenants } from './stopped-tenants.ts'
import { getTenant, post, type TenantOptions } from './tenant.ts'

export type OrderOptions = Pick<TenantOptions, 'data' | 'tenant' | 'output'> & {
  readonly reason?: string
  readonly wait?: boolean
}

const WAIT_MS = 600_000
const LOOK_EVERY_MS = 200

const order = async (options: OrderOptions, verb: 'stop' | 'rebuild'): Promise<unknown> => {
  const tenant = requireTenant(options.tenant)
  const body = options.reason === undefined ? {} : { reason: options.reason }
  return post(openStack(options), tenant, `/v1/tenants/${encodeURIComponent(tenant)}/${verb}`, body)
}

export const stopTenant = async (options: OrderOptions): Promise<ExitCode> => {
  const body = await order(options, 'stop')
  if (options.output === 'json') printJson(body)
  else
    print(
      `Stopped tenant ${options.tenant}: its results stay as they are. Commands are taken; ` +
        `./nikash tenant resume ${options.tenant} applies them.`,
    )
  return EXIT.fine
}

/** The order is obeyed at its place in the log, so the tenant shows as rebuilding first, or is through already. */
const rebuilt = async (options: OrderOptions): Promise<void> => {
  const until = performance.now() + WAIT_MS
  let seen = false
  for (let quiet = 0; performance.now() < until; ) {
    const held = (await stoppedTenants(options))?.find(({ tenant }) => tenant === options.tenant)
    if (held?.error != null)
      throw new StackError('REBUILD_GIVEN_UP', `Tenant ${options.tenant} was not rebuilt.`, held.error, {
        exitCode: EXIT.finding,
      })
    seen ||= held?.mode === 'rebuilding'
    // One that is over before the first look was never seen: then it has to stay away for a while.
    quiet = held === undefined ? quiet + 1 : 0
    if (quiet >= (seen ? 1 : 15)) return
    await sleep(LOOK_EVERY_MS)
  }
  throw new StackError(
    'REBUILD_SLOW',
    `Tenant ${options.tenant} is still being rebuilt.`,
    `It goes on by itself: ./nikash tenant show ${options.tenant}`,
    { exitCode: EXIT.finding },
  )
}

export const rebuildTenant = async (options: OrderOptions): Promise<ExitCode> => {
  const body = await order(options, 'rebuild')
  if (options.wait !== false) await rebuilt(options)
  if (options.output === 'json') printJson(body)
  else
    print(
      options.wait === false
        ? `Ordered a rebuild of tenant ${options.tenant}.`
        : `Rebuilt tenant ${options.tenant}.`,
    )
  return EXIT.fine
}

/** What was left out is applied by a rebuild: there is no other way to go on (T3). Refuses: one that is not stopped. */
export const resumeTenant = async (options: OrderOptions): Promise<ExitCode> => {
  const { stopped } = await getTenant(openStack(options), requireTenant(options.tenant))
  if (stopped === null)
    throw new StackError(
      'NOT_STOPPED',
      `Tenant ${options.tenant} is not stopped.`,
      `To build its results anew: ./nikash tenant rebuild ${options.tenant}`,
      { exitCode: EXIT.finding },
    )
  return rebuildTenant(options)
}
