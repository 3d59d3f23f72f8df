/** Owns `audit verify` and `audit show`: what the trail says, and whether anybody touched it. Refuses: writing to it. */
import pg from 'pg'
import { TOPICS } from '../../schemas/topics.ts'
import { verifyTrail } from '../../sinks/audit/verify.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { withKafka } from './kafka-access.ts'
import { print, printJson, table } from './output.ts'

export type VerifyOptions = DataOption & {
  readonly tenant?: string
  readonly log: boolean
  readonly output?: 'json' | 'table'
}

export type ShowOptions = DataOption & {
  readonly tenant: string
  readonly of?: string
  readonly limit: number
  readonly output?: 'json' | 'table'
}

const FINDINGS_SHOWN = 50

const withTrail = async <T>(option: DataOption, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({
    connectionString: openStack(option).context.urls.databaseAuditor,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
  })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export const verifyAudit = async (options: VerifyOptions): Promise<ExitCode> => {
  const only = options.tenant === undefined ? {} : { tenantId: options.tenant }
  const verdict = await withTrail(options, (client) =>
    options.log
      ? withKafka(options, async ({ port, codec }) => {
          const admin = await port.admin()
          try {
            const log = { kafka: port, admin, codec, topic: TOPICS.events }
            return await verifyTrail(client, { ...only, log })
          } finally {
            await admin.close()
          }
        })
      : verifyTrail(client, only),
  )
  const { findings, rows, tenants, logRecords } = verdict
  if (options.output === 'json') printJson(verdict)
  else {
    const compared = logRecords === undefined ? '' : `, ${logRecords} records of the log`
    print(`${rows} rows of ${tenants} tenants${compared}: ${findings.length} findings`)
    for (const { tenantId, seq, what } of findings.slice(0, FINDINGS_SHOWN))
      print(`  ${tenantId}${seq === 0 ? '' : ` row ${seq}`}: ${what}`)
    if (findings.length > FINDINGS_SHOWN) print(`  and ${findings.length - FINDINGS_SHOWN} more (-o json)`)
  }
  return findings.length === 0 ? EXIT.fine : EXIT.finding
}

interface Change {
  readonly seq: string
  readonly recorded_at: Date
  readonly actor: string
  readonly event_type: string
  readonly aggregate_type: string
  readonly aggregate_id: string
  readonly before: unknown
  readonly after: unknown
}

const thingOf = (text: string): readonly [string, string] => {
  const [type = '', ...rest] = text.split('/')
  const id = rest.join('/')
  if (type !== '' && id !== '') return [type, id]
  throw new StackError('WRONG_USE', `--of ${text} names no thing.`, 'Write TYPE/ID, e.g. invoice/inv-1.', {
    exitCode: EXIT.wrongUse,
  })
}

export const showAudit = async (options: ShowOptions): Promise<ExitCode> => {
  const [type, id] = options.of === undefined ? [null, null] : thingOf(options.of)
  const changes = await withTrail(options, async (client) => {
    await client.query(`begin read only; set local app.current_tenant = '*'`)
    const { rows } = await client.query<Change>(
      `select * from finance_audit.changes
       where tenant_id = $1 and ($2::text is null or (aggregate_type = $2 and aggregate_id = $3))
       order by seq desc limit $4`,
      [options.tenant, type, id, options.limit],
    )
    return rows.toReversed()
  })
  if (options.output === 'json') {
    printJson(changes.map(({ seq, ...change }) => ({ seq: Number(seq), ...change })))
    return EXIT.fine
  }
  print(
    table(
      ['row', 'when', 'who', 'what', 'of'],
      changes.map((one) => [
        one.seq,
        one.recorded_at.toISOString(),
        one.actor,
        one.event_type,
        `${one.aggregate_type}/${one.aggregate_id}`,
      ]),
    ),
  )
  return EXIT.fine
}
