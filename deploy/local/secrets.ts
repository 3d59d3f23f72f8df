/**
 * Owns the secrets of one data folder: generated once, readable by their owner alone. Refuses: secrets from the
 * environment or from the repository, so that no two stacks share one and none can be committed.
 *
 * S1  the file is written whole (rename) with mode 0600 before anything uses a value from it.
 * S2  a key missing from an older file is added; one that is there is never changed.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

const secret = z.string().min(16)
const secretsSchema = z.object({
  postgresSuperuser: secret,
  postgresOwner: secret,
  postgresWriter: secret,
  postgresReader: secret,
  postgresAuditor: secret,
  postgresRegistry: secret,
  clickhouseWriter: secret,
  clickhouseAnalystSecret: secret,
  jwtAccessSecret: secret,
  kafkaClusterId: secret,
})
export type Secrets = Readonly<z.infer<typeof secretsSchema>>

/** Letters and digits only: the values stand in URLs, SQL and shell lines without escaping. */
const password = (): string => randomBytes(24).toString('hex')

/** Kafka's cluster id is a UUID in base64url; one that starts with a dash would read as an option. */
const kafkaClusterId = (): string => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
  throw new Error('no Kafka cluster id without a leading dash in 100 attempts')
}

const generate = (): Secrets => ({
  postgresSuperuser: password(),
  postgresOwner: password(),
  postgresWriter: password(),
  postgresReader: password(),
  postgresAuditor: password(),
  postgresRegistry: password(),
  clickhouseWriter: password(),
  clickhouseAnalystSecret: password(),
  jwtAccessSecret: password(),
  kafkaClusterId: kafkaClusterId(),
})

export const loadSecrets = (file: string): Secrets => {
  const stored: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const merged = secretsSchema.parse({ ...generate(), ...(stored as object) })
  if (JSON.stringify(merged) !== JSON.stringify(stored)) {
    mkdirSync(dirname(file), { recursive: true })
    const temporary = `${file}.${process.pid}.new`
    writeFileSync(temporary, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, file)
  }
  chmodSync(file, 0o600)
  return Object.freeze(merged)
}

/** An analyst's password follows from the user name, so that nothing per tenant has to be stored. */
export const analystPassword = (analystSecret: string, user: string): string =>
  createHmac('sha256', analystSecret).update(user).digest('hex')
