/**
 * Configuration: the environment, read once by a main.ts into a validated, frozen object.
 * G1: all errors are reported at once, with the name of each variable. G2: an empty variable is an absent one.
 * G3: secrets do not leave through `redacted` (nor through the log, see log.ts).
 *
 *   const config = loadConfig({
 *     KAFKA_BROKERS: env.brokers(),
 *     SCHEMA_REGISTRY_URL: env.url(),
 *     ADMIN_PORT: env.port(3101),
 *     LOG_LEVEL: env.logLevel(),
 *     JWT_ACCESS_SECRET: env.secret(),
 *   }, process.env)
 *   config.KAFKA_BROKERS // readonly string[]
 *   log.info({ config: redacted(config) }, 'starting')
 *
 * loadConfig throws ConfigError (code `config_invalid`): runService turns it into exit code 2 with the list on stderr.
 */
import { z } from 'zod'
import { NikashError } from './errors.ts'

export class ConfigError extends NikashError {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('config_invalid', `configuration is not usable:\n${problems.map((p) => `  - ${p}`).join('\n')}`)
    this.problems = problems
  }
}

const integer = (min: number, max: number, fallback?: number) => {
  const base = z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
  return fallback === undefined ? base : base.default(fallback)
}

/** Ready-made pieces of a config shape. Any zod type that takes a string works beside them. */
export const env = {
  port: (fallback?: number) => integer(0, 65_535, fallback),
  integer,
  text: (fallback?: string) => (fallback === undefined ? z.string() : z.string().default(fallback)),
  optional: () => z.string().optional(),
  /** At least 16 characters; always redacted. */
  secret: (minLength = 16) => z.string().min(minLength).meta({ secret: true }),
  url: (fallback?: string) => {
    const base = z.string().refine((text) => URL.canParse(text), 'must be a URL')
    return fallback === undefined ? base : base.default(fallback)
  },
  flag: (fallback: boolean) =>
    z
      .enum(['true', 'false', '1', '0'])
      .transform((text) => text === 'true' || text === '1')
      .default(fallback),
  list: (fallback?: readonly string[]) => {
    const base = z.string().transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    return fallback === undefined ? base : base.default([...fallback])
  },
  /** host:port,host:port */
  brokers: () =>
    z
      .string()
      .regex(/^[^,:\s]+:\d+(,[^,:\s]+:\d+)*$/, 'must be host:port,host:port')
      .transform((text): readonly string[] => text.split(',')),
  logLevel: () => z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
} as const

type Shape = Readonly<Record<string, z.ZodType>>
export type ConfigOf<S extends Shape> = { readonly [K in keyof S]: z.infer<S[K]> }

const secrets = new WeakMap<object, ReadonlySet<string>>()

export function loadConfig<S extends Shape>(
  shape: S,
  source: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> {
  const given: Record<string, string> = {}
  for (const name of Object.keys(shape)) {
    const value = source[name]
    if (value !== undefined && value.trim() !== '') given[name] = value.trim()
  }
  const parsed = z.object(shape).safeParse(given)
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0] ?? '')
        return given[name] === undefined ? `${name} is not set` : `${name}: ${issue.message}`
      }),
    )
  }
  const config = Object.freeze({ ...parsed.data }) as ConfigOf<S>
  secrets.set(config, new Set(Object.keys(shape).filter((name) => isSecret(name, shape[name]))))
  return config
}

const SECRET_NAME = /SECRET|PASSWORD|TOKEN|CREDENTIAL|PRIVATE_KEY|API_KEY/

const isSecret = (name: string, type: z.ZodType | undefined): boolean =>
  SECRET_NAME.test(name) || type?.meta()?.['secret'] === true

/** The config for a log line: secrets starred, credentials inside of URLs too. */
export function redacted(config: object): Record<string, unknown> {
  const hidden = secrets.get(config)
  return Object.fromEntries(
    Object.entries(config).map(([name, value]: [string, unknown]) => {
      if (hidden?.has(name) || SECRET_NAME.test(name)) return [name, '***']
      return [name, typeof value === 'string' ? withoutCredentials(value) : value]
    }),
  )
}

/** `postgresql://user:password@host/db` -> `postgresql://user:***@host/db` */
export const withoutCredentials = (text: string): string =>
  text.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#:@]*):[^/?#@]*@/i, '$1:***@')
