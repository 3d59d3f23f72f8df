/** Owns `import`: hands files and past imports to the importers of producers/, with the address and a token of the running stack. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { importFile as runImport, type ImportIo } from '../../producers/importers/cli.ts'
import { list, show, undo } from '../../producers/importers/undo-cli.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { requireTenant } from './identity.ts'
import { note, print } from './output.ts'
import { signToken } from './tokens.ts'

export type ImportOptions = DataOption & {
  readonly kind: string
  readonly file: string
  readonly tenant: string
  readonly currency?: string
  readonly map?: string
  readonly sheet?: string
  readonly cutOff?: string
  readonly dryRun: boolean
  readonly output?: 'json' | 'table'
}
export type PastImportOptions = DataOption & {
  readonly id: string
  readonly tenant: string
  readonly output?: 'json' | 'table'
}

const TOKEN_LIFE_MS = 6 * 3_600_000
const io: ImportIo = { out: print, err: note }

const requireFile = (path: string): string => {
  const file = resolve(path)
  if (existsSync(file)) return file
  throw new StackError('NO_SUCH_FILE', `There is no file ${file}.`, 'Check the path.', {
    exitCode: EXIT.wrongUse,
  })
}

const accessFor = async (option: DataOption, tenant: string) => {
  const { urls, secrets } = openStack(option).context
  const token = await signToken(secrets.jwtAccessSecret, {
    tenant,
    // The importer registers the tenant when it is new, which only an operator may.
    role: 'operator',
    subject: `import@${tenant}`,
    lifeMs: TOKEN_LIFE_MS,
  })
  return { commandsUrl: urls.commands, token }
}

export const importFile = async (options: ImportOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  const file = requireFile(options.file)
  const { kind, dryRun, currency, map, sheet, cutOff, output = 'table' } = options
  const access = await accessFor(options, tenant)
  return runImport(
    {
      ...access,
      kind,
      file,
      tenant,
      dryRun,
      output,
      ...(currency === undefined ? {} : { currency }),
      // A map is a file, or the name of a shipped one.
      ...(map === undefined ? {} : { map: existsSync(map) ? resolve(map) : map }),
      ...(sheet === undefined ? {} : { sheet }),
      ...(cutOff === undefined ? {} : { cutOff }),
    },
    io,
  )
}

export const undoImport = async ({
  id,
  tenant,
  output = 'table',
  ...rest
}: PastImportOptions): Promise<ExitCode> =>
  undo(id, { ...(await accessFor(rest, requireTenant(tenant))), output }, io)

export const listImports = async ({
  tenant,
  output = 'table',
  ...rest
}: Omit<PastImportOptions, 'id'>): Promise<ExitCode> =>
  list({ ...(await accessFor(rest, requireTenant(tenant))), output }, io)

export const showImport = async ({
  id,
  tenant,
  output = 'table',
  ...rest
}: PastImportOptions): Promise<ExitCode> =>
  show(id, { ...(await accessFor(rest, requireTenant(tenant))), output }, io)
