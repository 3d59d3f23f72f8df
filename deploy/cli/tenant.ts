/** Owns `tenant`: registering tenants and changing their settings, through the command service like everybody else. */
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack, type StackAccess } from './access.ts'
import { call, expectSuccess } from './http.ts'
import { requireTenant } from './identity.ts'
import { print, printJson, table } from './output.ts'
import { positionText, stoppedTenants } from './stopped-tenants.ts'
import { signToken } from './tokens.ts'

export type TenantOptions = DataOption & {
  readonly tenant: string
  readonly name?: string
  readonly zone?: string
  readonly currency?: string
  readonly fiscalYearStart?: string
  readonly output?: 'json' | 'table'
}

const TOKEN_LIFE_MS = 60_000

const operatorToken = (access: StackAccess, tenant: string): Promise<string> =>
  signToken(access.context.secrets.jwtAccessSecret, {
    tenant,
    role: 'operator',
    subject: 'operator:nikash-cli',
    lifeMs: TOKEN_LIFE_MS,
  })

const settingsOf = (options: TenantOptions): Record<string, string> => {
  const settings: Record<string, string> = {}
  for (const name of ['name', 'zone', 'currency', 'fiscalYearStart'] as const) {
    const value = options[name]
    if (value !== undefined) settings[name] = value
  }
  return settings
}

export const post = async (
  access: StackAccess,
  tenant: string,
  path: string,
  body: unknown,
): Promise<unknown> => {
  const token = await operatorToken(access, tenant)
  const answer = await call('POST', `${access.context.urls.commands}${path}`, { token, body })
  return expectSuccess(`tenant ${tenant}`, answer)
}

const printDone = (options: TenantOptions, body: unknown, text: string): ExitCode => {
  if (options.output === 'json') printJson(body)
  else print(text)
  return EXIT.fine
}

export const createTenant = async (options: TenantOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  const body = await post(openStack(options), tenant, '/v1/tenants', { id: tenant, ...settingsOf(options) })
  return printDone(options, body, `Registered tenant ${tenant}.`)
}

export const setTenant = async (options: TenantOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  const settings = settingsOf(options)
  if (Object.keys(settings).length === 0) {
    throw new StackError(
      'WRONG_USE',
      'There is nothing to change.',
      'Name a setting, e.g. --zone Asia/Dhaka.',
      {
        exitCode: EXIT.wrongUse,
      },
    )
  }
  const path = `/v1/tenants/${encodeURIComponent(tenant)}/settings`
  const body = await post(openStack(options), tenant, path, settings)
  return printDone(options, body, `Changed tenant ${tenant}.`)
}

type Tenant = {
  readonly tenantId: string
  readonly name: string
  readonly zone: string
  readonly currency: string
  readonly fiscalYearStart: string
  readonly version: number
  /** Why its processing is stopped; null = it is not. */
  readonly stopped: string | null
  readonly stoppedAt: string | null
}
type Page = {
  readonly data: readonly Tenant[]
  readonly page: { readonly hasMore: boolean; readonly nextCursor: string | null }
}

const PAGES_MAX = 10_000
/** The tenant in an operator's token where no tenant is meant. */
const NO_TENANT = 'nikash'

const get = async (access: StackAccess, what: string, path: string): Promise<unknown> => {
  const token = await operatorToken(access, NO_TENANT)
  return expectSuccess(what, await call('GET', `${access.context.urls.commands}${path}`, { token }))
}

export const allTenants = async (access: StackAccess): Promise<Tenant[]> => {
  const found: Tenant[] = []
  let cursor = ''
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const path = `/v1/tenants${cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`}`
    const answer = (await get(access, 'tenants', path)) as Page
    found.push(...answer.data)
    if (!answer.page.hasMore || answer.page.nextCursor === null) return found
    cursor = answer.page.nextCursor
  }
  return found
}

export const getTenant = async (access: StackAccess, tenant: string): Promise<Tenant> =>
  (await get(access, `tenant ${tenant}`, `/v1/tenants/${encodeURIComponent(tenant)}`)) as Tenant

export const listTenants = async (options: Omit<TenantOptions, 'tenant'>): Promise<ExitCode> => {
  const tenants = await allTenants(openStack(options))
  if (options.output === 'json') {
    printJson({ tenants })
    return EXIT.fine
  }
  const rows = tenants.map((tenant) => [
    tenant.tenantId,
    tenant.name,
    tenant.zone,
    tenant.currency,
    tenant.fiscalYearStart,
    tenant.stopped === null ? '' : `stopped: ${tenant.stopped}`,
  ])
  print(table(['tenant', 'name', 'zone', 'currency', 'fiscal year from', 'processing'], rows))
  return EXIT.fine
}

export const showTenant = async (options: TenantOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  const { stopped, stoppedAt, ...found } = await getTenant(openStack(options), tenant)
  // What was ordered, and what the processors made of it: between the two lies the log.
  const held = await stoppedTenants(options)
  const position = held?.find((one) => one.tenant === tenant)
  if (options.output === 'json') {
    printJson({ ...found, stopped, stoppedAt, processing: held === undefined ? null : (position ?? 'live') })
    return EXIT.fine
  }
  for (const [name, value] of Object.entries(found)) print(`${name.padEnd(16)} ${String(value)}`)
  if (stopped !== null) print(`${'stopped'.padEnd(16)} ${stoppedAt}: ${stopped}`)
  const state = held === undefined ? 'unknown: the processors do not answer' : (position?.mode ?? 'live')
  print(`${'processing'.padEnd(16)} ${state}${position === undefined ? '' : ` ${positionText(position)}`}`)
  return EXIT.fine
}
