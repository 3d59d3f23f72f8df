/**
 * Owns the port offsets of the local stack and the URLs made from them. Refuses: any address but loopback.
 *
 * P1  every port of a stack is base + a fixed offset, so that two stacks with different bases never meet.
 * P2  everything binds to 127.0.0.1, never to a name that could resolve elsewhere.
 */

export const HOST = '127.0.0.1'

export const PORT_OFFSETS = {
  api: 6,
  commands: 7,
  clickhouse: 23,
  postgres: 32,
  redis: 79,
  registry: 81,
  registryManagement: 82,
  kafka: 92,
  kafkaController: 93,
} as const

/** Admin ports of services (`/readyz`, `/metrics`), in the order in which `status` lists them. */
export const ADMIN_OFFSETS = {
  commands: 101,
  relay: 102,
  clock: 103,
  processors: 104,
  'sink-redis': 105,
  'sink-clickhouse': 106,
  api: 107,
  demo: 108,
  clickhouse: 109,
  'sink-audit': 110,
  reconcile: 111,
  canary: 112,
} as const

export type PortName = keyof typeof PORT_OFFSETS
export type Ports = Readonly<Record<PortName, number>> & {
  readonly base: number
  readonly admin: Readonly<Record<keyof typeof ADMIN_OFFSETS, number>>
}

/** The highest offset in use: bases of two stacks must differ by more than this. */
export const PORT_SPAN = 113

const shift = <K extends string>(offsets: Readonly<Record<K, number>>, base: number): Record<K, number> => {
  const shifted = {} as Record<K, number>
  for (const name of Object.keys(offsets) as K[]) shifted[name] = base + offsets[name]
  return shifted
}

export const portsFor = (base: number): Ports =>
  Object.freeze({
    base,
    ...shift(PORT_OFFSETS, base),
    admin: Object.freeze(shift(ADMIN_OFFSETS, base)),
  })

export type Urls = {
  readonly kafkaBrokers: string
  readonly schemaRegistry: string
  readonly clickhouse: string
  readonly redis: string
  readonly database: string
  readonly databaseOwner: string
  readonly databaseReader: string
  readonly databaseAuditor: string
  readonly api: string
  readonly commands: string
}

export type DatabasePasswords = {
  readonly postgresWriter: string
  readonly postgresOwner: string
  readonly postgresReader: string
  readonly postgresAuditor: string
}

export const urlsFor = (ports: Ports, passwords: DatabasePasswords): Urls => {
  const database = (user: string, password: string) =>
    `postgresql://${user}:${password}@${HOST}:${ports.postgres}/nikash`
  return Object.freeze({
    kafkaBrokers: `${HOST}:${ports.kafka}`,
    schemaRegistry: `http://${HOST}:${ports.registry}/apis/ccompat/v7`,
    clickhouse: `http://${HOST}:${ports.clickhouse}`,
    redis: `redis://${HOST}:${ports.redis}`,
    database: database('nikash_writer', passwords.postgresWriter),
    databaseOwner: database('nikash_owner', passwords.postgresOwner),
    databaseReader: database('nikash_reader', passwords.postgresReader),
    databaseAuditor: database('nikash_auditor', passwords.postgresAuditor),
    api: `http://${HOST}:${ports.api}`,
    commands: `http://${HOST}:${ports.commands}`,
  })
}
