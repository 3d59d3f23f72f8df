/** Owns finding a Java that can run Kafka and the schema registry. Refuses: a Java older than 17. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '../errors.ts'

const run = promisify(execFile)
const JAVA_MAJOR_MIN = 17
const HELP =
  'Install a Java 17 or newer runtime (Debian: apt-get install openjdk-17-jre-headless; macOS: brew install ' +
  'openjdk@17) and put it on PATH or set JAVA_HOME.'

export type Java = { readonly file: string; readonly version: string }

/** `openjdk version "17.0.15"`, or `"1.8.0_402"` for the old numbering. */
export const javaMajor = (text: string): number | undefined => {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(text)
  if (match?.[1] === undefined) return undefined
  return match[1] === '1' && match[2] !== undefined ? Number(match[2]) : Number(match[1])
}

export const findJava = async (inherited: Readonly<Record<string, string>>): Promise<Java> => {
  const home = inherited['JAVA_HOME']
  const ofHome = home === undefined ? undefined : join(home, 'bin', 'java')
  const file = ofHome !== undefined && existsSync(ofHome) ? ofHome : 'java'
  let text: string
  try {
    const { stderr, stdout } = await run(file, ['-version'], { timeout: 15_000 })
    text = `${stderr}${stdout}`
  } catch (cause) {
    throw new StackError('NO_JAVA', 'Java is not on PATH; Kafka and the schema registry need it.', HELP, {
      cause,
    })
  }
  const major = javaMajor(text)
  if (major === undefined || major < JAVA_MAJOR_MIN) {
    throw new StackError('OLD_JAVA', `The Java on PATH is too old: ${text.split('\n')[0] ?? '?'}.`, HELP)
  }
  return { file, version: /"([^"]+)"/.exec(text)?.[1] ?? String(major) }
}
