/** Owns calls of the command line to our own HTTP services. Refuses: printing a body that is not JSON as if it were. */
import { request } from 'node:http'
import { EXIT, StackError } from '../local/errors.ts'

export type Answer = {
  readonly status: number
  readonly body: unknown
  readonly headers: Record<string, unknown>
}

const TIMEOUT_MS = 15_000

export const call = (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  url: string,
  options: { readonly token: string; readonly body?: unknown; readonly headers?: Record<string, string> },
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const text = options.body === undefined ? undefined : JSON.stringify(options.body)
    const headers = {
      authorization: `Bearer ${options.token}`,
      accept: 'application/json',
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...options.headers,
    }
    const outgoing = request(url, { method, headers, timeout: TIMEOUT_MS, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8')
        let body: unknown = raw
        try {
          body = raw === '' ? null : JSON.parse(raw)
        } catch {
          // Kept as text: it goes into an error message.
        }
        resolve({ status: response.statusCode ?? 0, body, headers: { ...response.headers } })
      })
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    outgoing.on('error', (cause) =>
      reject(
        new StackError(
          'NO_ANSWER',
          `${method} ${url}: ${cause.message}`,
          'See ./nikash status and ./nikash logs.',
          {
            cause,
          },
        ),
      ),
    )
    outgoing.end(text)
  })

/** Throws what the service said, when it refused. */
export const expectSuccess = (what: string, answer: Answer, part = 'commands'): unknown => {
  if (answer.status >= 200 && answer.status < 300) return answer.body
  const problem = (typeof answer.body === 'object' ? answer.body : null) as {
    code?: string
    title?: string
    detail?: string
  } | null
  const said = problem?.detail ?? problem?.title ?? String(answer.body).slice(0, 300)
  throw new StackError(
    problem?.code ?? `HTTP_${answer.status}`,
    `${what}: ${said} (HTTP ${answer.status})`,
    answer.status >= 500 ? `See ./nikash logs ${part}.` : 'Correct the request and run it again.',
    { exitCode: answer.status >= 500 ? EXIT.partDown : EXIT.finding },
  )
}
