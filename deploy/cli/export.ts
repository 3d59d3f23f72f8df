/** Owns `export journal`: the general ledger of a tenant as text on stdout, from the running stack's store. */
import { once } from 'node:events'
import { exportJournal, type Format } from '../../producers/exporters/journal.ts'
import { EXIT, type ExitCode, StackError } from '../local/errors.ts'
import { type DataOption, openStack } from './access.ts'
import { requireTenant } from './identity.ts'
import { note } from './output.ts'

export type ExportOptions = DataOption & { readonly tenant: string; readonly format: Format }

/** Waits for a slow reader instead of holding the whole journal. */
const toStdout = async (text: string): Promise<void> => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

export const exportJournalText = async (options: ExportOptions): Promise<ExitCode> => {
  const tenant = requireTenant(options.tenant)
  const { urls } = openStack(options).context
  const written = await exportJournal(urls.databaseReader, tenant, options.format, toStdout)
  if (!written) {
    throw new StackError(
      'NO_SUCH_TENANT',
      `There is no tenant ${tenant}.`,
      './nikash tenant list shows them.',
      {
        exitCode: EXIT.wrongUse,
      },
    )
  }
  note(`${written.entries} entries, ${written.lines} lines`)
  return EXIT.fine
}
