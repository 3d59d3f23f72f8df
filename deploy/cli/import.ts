/** Owns `import`: hands a file to the importer of producers/, with the address and a token of the running stack. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { importReceivables } from '../../producers/importers/cli.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { requireTenant } from './identity.ts'
import { note, print } from './output.ts'
import { signToken } from './tokens.ts'

export type ImportOptions = DataOption & {
  readonly file: string
  readonly tenant: string
  readonly currency?: string
  readonly map?: string
  readonly dryRun: boolean
  readonly output?: 'json' | 'table'
}

const TOKEN_LIFE_MS = 6 * 3_600_000

const requireFile = (path: string): string => {
  const file = resolve(path)
  if (existsSync(file)) return file
  throw new StackError('NO_SUCH_FILE', `There is no file ${file}.`, 'Check the path.', {
    exitCode: EXIT.wrongUse,
  })
}

export const importReceivablesFile = async (options: ImportOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  const file = requireFile(options.file)
  const map = options.map === undefined ? undefined : requireFile(options.map)
  const { urls, secrets } = openStack(options).context
  const token = await signToken(secrets.jwtAccessSecret, {
    tenant,
    // The importer registers the tenant when it is new, which only an operator may.
    role: 'operator',
    subject: `import@${tenant}`,
    lifeMs: TOKEN_LIFE_MS,
  })
  return importReceivables(
    {
      file,
      tenant,
      dryRun: options.dryRun,
      output: options.output ?? 'table',
      commandsUrl: urls.commands,
      token,
      ...(options.currency === undefined ? {} : { currency: options.currency }),
      ...(map === undefined ? {} : { map }),
    },
    { out: print, err: note },
  )
}
