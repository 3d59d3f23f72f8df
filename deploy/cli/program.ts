/**
 * Owns the verbs and options of ./nikash, and nothing of what they do: each verb's module is loaded when it runs, so
 * that `status` does not pay for `import`. Refuses: options that a verb does not read.
 */
import { Command, InvalidArgumentError, Option } from 'commander'
import { kindNames } from '../../producers/importers/kind.ts'
import type { ExitCode } from '../local/errors.ts'

export type SetExit = (code: ExitCode) => void

const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }

const positive = (text: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0 && value <= 1_000) return value
  throw new InvalidArgumentError('It must be a number above 0, at most 1000.')
}

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text]

const SUITES = ['default', 'unit', 'topology', 'property', 'contract', 'integration', 'e2e', 'faults', 'all']

type Action<O> = (options: O) => Promise<ExitCode>
type Load<O> = () => Promise<Action<O>>

const outputOption = (...choices: string[]): Option =>
  new Option('-o, --output <format>', 'how to print').choices(choices)

const dataOption = (): Option =>
  new Option('--data <dir>', 'data folder of the stack (default: .nikash/data, or that of the last up)')

export const buildProgram = (setExit: SetExit): Command => {
  const program = new Command('nikash')
    .description('Kafka-native stream processing for finance: the local stack and its tools')
    .version('0.1.0')
    .showHelpAfterError('(nikash help VERB shows its options)')
    .exitOverride()

  /** Runs a verb whose positional arguments are merged into its options by name. */
  const run =
    <O>(load: Load<O>, ...names: string[]) =>
    async (...args: unknown[]): Promise<void> => {
      const positional = Object.fromEntries(names.map((name, index) => [name, args[index]]))
      const options = args[names.length] as object
      const action = await load()
      setExit(await action({ ...options, ...positional } as O))
    }

  addStackVerbs(program, run)
  addTenantVerbs(program, run)
  addKafkaVerbs(program, run)
  addTestVerbs(program, run)
  return program
}

type Run = <O>(load: Load<O>, ...names: string[]) => (...args: unknown[]) => Promise<void>

const addStackVerbs = (program: Command, run: Run): void => {
  program
    .command('up')
    .description('start the local stack and all services; waits until every part is healthy')
    .option('--no-demo', 'without the demo company')
    .option('--speed <n>', 'how fast the demo company lives: 1 = real time', positive, 1)
    .option('--detach', 'return when healthy and leave it running', false)
    .addOption(dataOption())
    .option('--port-base <n>', 'first port of the stack', wholeNumber(1024, 65_000), 3000)
    .option('--stores-only', 'only Kafka, registry, Postgres, Redis and ClickHouse', false)
    .action(run(async () => (await import('./up.ts')).up))
  program
    .command('status')
    .description('what runs, and whether it is healthy')
    .addOption(outputOption('table', 'json', 'env'))
    .addOption(dataOption())
    .action(run(async () => (await import('./status.ts')).status))
  program
    .command('down')
    .description('stop the stack; its data stays')
    .option('--volumes', 'delete the data folder too', false)
    .addOption(dataOption())
    .action(run(async () => (await import('./down.ts')).down))
  program
    .command('reset')
    .description('stop the stack and delete its data')
    .option('-y, --yes', 'do not ask', false)
    .addOption(dataOption())
    .action(run(async () => (await import('./down.ts')).reset))
  program
    .command('doctor')
    .description('look for what keeps the stack from running, and say what to do')
    .addOption(outputOption('table', 'json'))
    .option('--port-base <n>', 'first port of the stack', wholeNumber(1024, 65_000), 3000)
    .addOption(dataOption())
    .action(run(async () => (await import('./doctor.ts')).doctor))
  program
    .command('logs')
    .description("the end of a part's log")
    .argument('<service>', 'a part, as status lists it, or supervisor')
    .option('-n, --lines <n>', 'how many lines', wholeNumber(1, 100_000), 100)
    .option('-f, --follow', 'go on with what comes', false)
    .addOption(dataOption())
    .action(run(async () => (await import('./logs.ts')).logs, 'service'))
}

const addTenantVerbs = (program: Command, run: Run): void => {
  const tenant = program.command('tenant').description('tenants and their settings')
  const settings = (command: Command): Command =>
    command
      .option('--name <name>', 'name of the business')
      .option('--zone <zone>', 'IANA time zone that gives local days')
      .option('--currency <code>', 'base currency, ISO 4217')
      .option('--fiscal-year-start <MM-DD>', 'first day of the fiscal year')
      .addOption(outputOption('table', 'json'))
      .addOption(dataOption())
  settings(tenant.command('create').description('register a tenant').argument('<tenant>')).action(
    run(async () => (await import('./tenant.ts')).createTenant, 'tenant'),
  )
  settings(tenant.command('set').description('change settings of a tenant').argument('<tenant>')).action(
    run(async () => (await import('./tenant.ts')).setTenant, 'tenant'),
  )
  tenant
    .command('list')
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./tenant.ts')).listTenants))
  const order = (name: string, text: string): Command =>
    tenant
      .command(name)
      .description(text)
      .argument('<tenant>')
      .addOption(outputOption('table', 'json'))
      .addOption(dataOption())
  order('stop', 'the processors leave its events out from here on; its results stay as they are')
    .requiredOption('--reason <text>', 'why, for whoever asks later')
    .action(run(async () => (await import('./tenant-orders.ts')).stopTenant, 'tenant'))
  order('rebuild', 'its results are built anew from all of its events; a stopped tenant goes on then')
    .option('--reason <text>', 'why, for whoever asks later')
    .option('--no-wait', 'do not wait until it is rebuilt')
    .action(run(async () => (await import('./tenant-orders.ts')).rebuildTenant, 'tenant'))
  order('resume', 'a stopped tenant goes on, by a rebuild')
    .option('--reason <text>', 'why, for whoever asks later')
    .option('--no-wait', 'do not wait until it is rebuilt')
    .action(run(async () => (await import('./tenant-orders.ts')).resumeTenant, 'tenant'))
  tenant
    .command('show')
    .argument('<tenant>')
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./tenant.ts')).showTenant, 'tenant'))
  program
    .command('token')
    .description('a signed token for the local stack, alone on the last line')
    .requiredOption('--tenant <tenant>', 'whose data it opens')
    .option('--role <role>', 'reader, writer or operator', 'writer')
    .option('--ttl <time>', 'life time: 90s, 30m, 1h, 7d', '1h')
    .option('--subject <name>', 'who it is for')
    .addOption(dataOption())
    .action(run(async () => (await import('./identity.ts')).token))
  program
    .command('analyst')
    .description("user and password for ClickHouse that see only one tenant's rows, as env lines")
    .requiredOption('--tenant <tenant>', 'whose rows')
    .addOption(outputOption('env', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./identity.ts')).analyst))
  program
    .command('explain')
    .description(
      'why a KPI has its value: formula, inputs, and the documents that sum to each; 1 when they do not',
    )
    .argument('<kpi>', 'its name, e.g. dso; docs/kpis.md lists them')
    .requiredOption('--tenant <tenant>', 'whose figures')
    .option('--window <window>', '30d, 90d, 365d, mtd, qtd or fy', '30d')
    .option('--as-of <day>', 'YYYY-MM-DD (default: today of the tenant, live)')
    .option('--input <name>', 'only the documents of this input')
    .option('-n, --limit <n>', 'documents of each input', wholeNumber(1, 100_000), 20)
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./explain.ts')).explain, 'kpi'))
  const exports = program.command('export').description('the books as text, on stdout')
  exports
    .command('journal')
    .description('every journal entry of a tenant, for hledger or as CSV')
    .requiredOption('--tenant <tenant>', 'whose books')
    .addOption(new Option('--format <format>', 'of the text').choices(['hledger', 'csv']).default('hledger'))
    .addOption(dataOption())
    .action(run(async () => (await import('./export.ts')).exportJournalText))
  addImportVerbs(program, run)
}

const addImportVerbs = (program: Command, run: Run): void => {
  const imports = program
    .command('import')
    .description('files -> commands -> events; past imports, and taking one back')
  for (const kind of kindNames()) {
    imports
      .command(kind)
      .description('from CSV or XLSX; bad rows are listed by line and left out; a second run changes nothing')
      .argument('<file>')
      .requiredOption('--tenant <tenant>', 'for whom')
      .option('--currency <code>', 'currency of the amounts, ISO 4217')
      .option(
        '--map <file>',
        'JSON file that maps columns and states the date format, or a shipped map by name',
      )
      .option('--sheet <name>', 'sheet of a workbook (default: the first)')
      .option('--cut-off <day>', 'opening balances: last day of the old books, YYYY-MM-DD')
      .option('--dry-run', 'check the file, change nothing', false)
      .addOption(outputOption('table', 'json'))
      .addOption(dataOption())
      .action((file: unknown, options: object) =>
        run(async () => (await import('./import.ts')).importFile, 'file')(file, { ...options, kind }),
      )
  }
  const past = (command: Command): Command =>
    command
      .requiredOption('--tenant <tenant>', 'for whom')
      .addOption(outputOption('table', 'json'))
      .addOption(dataOption())
  past(imports.command('list').description('past imports')).action(
    run(async () => (await import('./import.ts')).listImports),
  )
  past(imports.command('show').description('what an import made').argument('<id>')).action(
    run(async () => (await import('./import.ts')).showImport, 'id'),
  )
  past(
    imports
      .command('undo')
      .description('takes an import back by reversing events; 1 when something could not be')
      .argument('<id>', 'as list prints it'),
  ).action(run(async () => (await import('./import.ts')).undoImport, 'id'))
}

const addKafkaVerbs = (program: Command, run: Run): void => {
  program
    .command('topics')
    .description('the topics: partitions, records, settings')
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./topics.ts')).topics))
  program
    .command('lag')
    .description('how far each consumer group is behind, in records and seconds; 1 when one stands still')
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./lag.ts')).lag))
  program
    .command('tail')
    .description('decoded records of a topic as they come')
    .argument('<topic>', 'name, or its short form: events, results, history, alerts, late')
    .option('--from <time>', 'start that long ago: 10m, 2h, 7d; "start" for all')
    .option('--filter <k=v>', 'only records with this value; may be repeated; k may be a path', collect, [])
    .option('--max <n>', 'end after so many records', wholeNumber(1, 1_000_000_000))
    .option('--until-end', 'end when all that is there now was shown', false)
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./tail.ts')).tail, 'topic'))
  program
    .command('describe')
    .description(
      'the flow of data: topics, topologies, sinks; and the tasks of a running stack, their state and sizes',
    )
    .addOption(
      new Option('--format <format>', 'how to draw').choices(['text', 'mermaid', 'svg']).default('text'),
    )
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./describe.ts')).describe))
  program
    .command('rebuild')
    .description('forget what was made of the log and make it anew; reads go on meanwhile')
    .addArgument(program.createArgument('<what>', 'which').choices(['processors', 'clickhouse', 'redis']))
    .option('--dry-run', 'say what would be done, change nothing', false)
    .option('--quiet', 'processors: results appear when they are whole; nothing else is written again', false)
    .option('--anew', 'a store: do not go on with a rebuild that was broken off', false)
    .option('--drop-unknown', 'clickhouse: leave out rows that the log does not have', false)
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./rebuild.ts')).rebuild, 'what'))
  program
    .command('replay')
    .description(
      'the whole log through the topologies of this clone, beside the live results; 1 when they differ',
    )
    .argument('[name]', 'of the shadow; its topics end in .shadow-NAME (default: check)')
    .option('--drop', 'only delete the topics and the group of that shadow', false)
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./replay.ts')).replay, 'name'))
  program
    .command('reconcile')
    .description(
      'whether stream, Redis, ClickHouse and the ledger say the same at one place in the log; 1 when not',
    )
    .option('--tenant <tenant>', 'only this one')
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./reconcile.ts')).reconcile))
  const audit = program.command('audit').description('the trail of all events, chained by hashes')
  audit
    .command('verify')
    .description('follow every chain; 1 when a row is missing, was changed or was added')
    .option('--tenant <tenant>', 'only this one')
    .option('--log', 'compare each row with the bytes of the log, too', false)
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./audit.ts')).verifyAudit))
  audit
    .command('show')
    .description('who changed what and when, newest last')
    .requiredOption('--tenant <tenant>', 'whose trail')
    .option('--of <thing>', 'only this thing: TYPE/ID, e.g. invoice/inv-1')
    .option('-n, --limit <n>', 'how many', wholeNumber(1, 100_000), 50)
    .addOption(outputOption('table', 'json'))
    .addOption(dataOption())
    .action(run(async () => (await import('./audit.ts')).showAudit))
  const dlq = program.command('dlq').description('records that could not be applied')
  const selection = (command: Command): Command =>
    command
      .option('--topic <topic>', 'the topic they came from', 'events')
      .addOption(outputOption('table', 'json'))
      .addOption(dataOption())
  selection(
    dlq.command('list').option('-n, --limit <n>', 'how many, newest last', wholeNumber(1, 100_000), 50),
  ).action(run(async () => (await import('./dlq.ts')).listDeadLetters))
  selection(dlq.command('show').argument('<id>', 'PARTITION-OFFSET, as list prints it')).action(
    run(async () => (await import('./dlq.ts')).showDeadLetter, 'id'),
  )
  selection(
    dlq.command('replay').argument('[id]', 'one record; or --all').option('--all', 'all of them', false),
  ).action(run(async () => (await import('./dlq.ts')).replayDeadLetters, 'id'))
  selection(
    dlq.command('discard').argument('[id]', 'one record; or --all').option('--all', 'all of them', false),
  ).action(run(async () => (await import('./dlq.ts')).discardDeadLetters, 'id'))
}

const addTestVerbs = (program: Command, run: Run): void => {
  program
    .command('test')
    .description('the checks of the repository; default: everything that fits CI')
    .addArgument(program.createArgument('[suite]', 'which').choices(SUITES).default('default'))
    .argument('[patterns...]', 'only test files whose path matches')
    .option('--seed <n>', 'seed of randomized tests', wholeNumber(0, 2 ** 31 - 1))
    .option('--keep', 'leave the stack of the tests and its data for looking at', false)
    .addOption(new Option('--data <dir>', 'use the stack that runs on this folder instead of an own one'))
    .action(run(async () => (await import('./test/run.ts')).test, 'suite', 'patterns'))
  program
    .command('bench')
    .description('measurements')
    .addArgument(
      program.createArgument('<what>', 'which').choices(['latency', 'commands', 'reads', 'r1', 'restore']),
    )
    .addOption(outputOption('table', 'json'))
    .option('--peer <dir>', 'r1: folder with the peers to measure beside us (kafka-streams/, flink/)')
    .option('--events <n>', 'r1, restore, reads: how many events', wholeNumber(1_000, 100_000_000))
    .option('--kb <n>', 'restore: a state of values of this size instead of the books', wholeNumber(1, 256))
    .option(
      '--minutes <n>',
      'r1: hold half the load this long instead, and watch the memory',
      wholeNumber(1, 600),
    )
    .option(
      '--rate <n>',
      'latency, commands: commands a second; reads: reads of today a second',
      wholeNumber(1, 10_000),
    )
    .option('--seconds <n>', 'latency, commands: for how long; reads: each part', wholeNumber(1, 3_600))
    .option('--tenants <n>', 'commands, reads: of how many tenants', wholeNumber(1, 5_000))
    .option('--search', 'commands: the highest rate, from --rate down, at which p99 is at most 100 ms')
    .addOption(dataOption())
    .action(run(async () => (await import('./bench.ts')).bench, 'what'))
}
