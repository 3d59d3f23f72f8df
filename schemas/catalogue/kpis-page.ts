/**
 * docs/kpis.md: every KPI with its unit and definition, made from schemas/rules/kpis. The text of a KPI is the head of its
 * file, so code and page can't say two things.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { LEDGER_INPUTS } from '../rules/ledger-inputs.ts'
import { SUBTYPE_GROUPS } from '../rules/ledger-groups.ts'
import { wordsOfKpi } from '../rules/kpi-words.ts'
import { DEFINITIONS } from '../rules/kpis/registry.ts'
import { WINDOWS } from '../rules/windows.ts'

const FOLDER = new URL('../rules/kpis/', import.meta.url)
const NO_KPI = new Set(['kit.ts', 'registry.ts', 'achievement.ts'])

const HEAD = `# KPIs

Made from schemas/rules/kpis by \`npm run generate\`. Each KPI is one pure rule, used by the processors (today, live) and by the
API over ClickHouse (any other day); \`/v1/kpis/{name}/explain\` shows the documents or journal lines whose amounts sum to each input.

\`\`\`sh
./nikash explain dso --tenant demo --window 90d
\`\`\`

\`explain\` prints the same: the number, its formula, each input and the first of its documents (\`--limit\`), with their sum. \`--as-of\` asks for another day,
\`--input\` for the documents of one input alone; \`-o json\` is the answer of the API, of one input. On the page, a tile opens this view.

- **Windows**: ${WINDOWS.join(', ')} (fiscal year to date). \`previous\` is the window before, \`lastYear\` the same window a year before.
- **No value**: \`null\` with a reason: \`zero_denominator\`, or \`no_history\` (what the general ledger says, for a tenant whose sources
  publish no journal entries). \`not_meaningful\`: a value over a negative base.
- **Short history**: the window is \`partial\`; figures are scaled by the days of history, which the input \`days\` shows.
- **Averages** are of two points: before the first day and at the end of the last. Flows are taken to 365 days before they are divided by a balance.
- **Trend**: \`/v1/kpis/{name}/history\` has \`trend: {slopePerDay, p, significant}\` over its points (Theil-Sen, Mann-Kendall).
- **Targets**: \`/v1/achievements\` holds each running target against what was achieved of it so far.
- The general ledger counts posted journal entries by entry date. Entries that close a year are no income and no expense; profit that is not
  closed yet is equity. Cash flow is direct: an entry with cash moves it by its other lines, each under the activity of its account.
`

const blocks = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts') && !NO_KPI.has(file))
    .map((file) => {
      const text = readFileSync(new URL(file, FOLDER), 'utf8')
      const exported = DEFINITIONS.filter(({ name }) => new RegExp(`export const ${name}\\b`).test(text)).map(
        ({ name }) => name,
      )
      const comment =
        /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? /^\/\*\* ([\s\S]*?) \*\//.exec(text)?.[1] ?? ''
      const words = comment
        .split('\n')
        .map((line) => line.replace(/^ \* ?/, ''))
        .join('\n')
      return `### ${exported.join(', ')}\n\n${words}\n`
    })

export function kpisPage(): string {
  const rows = DEFINITIONS.map(
    ({ name, unit, isFlow }) =>
      `| \`${name}\` | ${unit} | ${wordsOfKpi(name)?.formula ?? ''} | ${isFlow ? 'adds up over days' : ''} |`,
  )
  const inputs = Object.entries(LEDGER_INPUTS).map(
    ([name, { of, side, over }]) => `| \`${name}\` | ${of.join(', ')} | ${side} | ${over} |`,
  )
  const groups = Object.entries(SUBTYPE_GROUPS).flatMap(([accountClass, subtypes]) =>
    Object.entries(subtypes).map(([subtype, group]) => `| ${accountClass} | ${subtype} | ${group} |`),
  )
  return [
    HEAD,
    '| KPI | unit | formula | |\n|---|---|---|---|',
    `${rows.join('\n')}\n`,
    '## Definitions\n',
    blocks().join('\n'),
    '## Inputs of the general ledger\n',
    'Sum of these figures over the window, or the balance before its first day (opening) or at its end (closing).\n',
    '| input | figures | above zero | over |\n|---|---|---|---|',
    `${inputs.join('\n')}\n`,
    '## Groups of accounts\n',
    'By class and subtype of the account as the journal line states them. An unknown subtype goes by its class: an asset is not current, a liability is.\n',
    '| class | subtype | group |\n|---|---|---|',
    `${groups.join('\n')}\n`,
  ].join('\n')
}
