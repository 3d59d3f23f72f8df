/** Owns `token` and `analyst`: credentials of the local stack. Refuses: anything for a stack that is not on this machine. */
import { TENANT_ID } from '../../schemas/values/ids.ts'
import { analystPassword } from '../local/secrets.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { layoutOf } from '../local/paths.ts'
import { type DataOption, dataDirOf, findStack, notRunning, type StackAccess } from './access.ts'
import { parseDuration, print, printJson } from './output.ts'
import { ROLES, type Role, signToken } from './tokens.ts'

export type TokenOptions = DataOption & {
  readonly tenant: string
  readonly role: string
  readonly ttl: string
  readonly subject?: string
}
export type AnalystOptions = DataOption & { readonly tenant: string; readonly output?: 'json' | 'env' }

const LIFE_MS_MAX = 30 * 86_400_000

const wrongUse = (message: string, help: string): StackError =>
  new StackError('WRONG_USE', message, help, { exitCode: EXIT.wrongUse })

export const requireTenant = (tenant: string): string => {
  if (TENANT_ID.test(tenant)) return tenant
  throw wrongUse(
    `"${tenant}" can't be a tenant id.`,
    'Use up to 64 lower case letters, digits, "_" and "-", starting with a letter or digit.',
  )
}

/** Secrets exist as soon as a stack was started once; a token can be made while it is down. */
const stackWithSecrets = (option: DataOption): StackAccess => {
  const found = findStack(option)
  if (found === undefined) throw notRunning(layoutOf(dataDirOf(option)))
  return found
}

export const token = async (options: TokenOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  if (!(ROLES as readonly string[]).includes(options.role)) {
    throw wrongUse(`There is no role "${options.role}".`, `Roles: ${ROLES.join(', ')}.`)
  }
  const lifeMs = parseDuration(options.ttl)
  if (lifeMs === undefined || lifeMs === 0 || lifeMs > LIFE_MS_MAX) {
    throw wrongUse(
      `"${options.ttl}" is no life time for a token.`,
      'Examples: 90s, 30m, 1h, 7d; at most 30d.',
    )
  }
  const { secrets } = stackWithSecrets(options).context
  const role = options.role as Role
  const subject = options.subject ?? `${role}@${tenant}`
  print(await signToken(secrets.jwtAccessSecret, { tenant, role, subject, lifeMs }))
  return EXIT.fine
}

export const analystUser = (tenant: string): string => `analyst_${tenant}`

export const analyst = async (options: AnalystOptions): Promise<ExitCode> => {
  const user = analystUser(requireTenant(options.tenant))
  const { secrets, urls } = stackWithSecrets(options).context
  const environment = {
    CLICKHOUSE_USER: user,
    CLICKHOUSE_PASSWORD: analystPassword(secrets.clickhouseAnalystSecret, user),
    CLICKHOUSE_URL: urls.clickhouse,
    CLICKHOUSE_DATABASE: 'finance',
  }
  if (options.output === 'json') printJson(environment)
  else for (const [name, value] of Object.entries(environment)) print(`${name}=${value}`)
  return EXIT.fine
}
