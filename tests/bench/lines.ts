/**
 * The cheapest HTTP client that does for a measurement on the machine that is measured: kept sockets, one request at a
 * time on each, answers with a Content-Length. More requests than sockets wait for one, and that wait is theirs.
 */
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: { readonly id?: string; readonly code?: string }
}

export interface TextAnswer {
  readonly status: number
  /** A character is a byte. */
  readonly text: string
}

interface Ask {
  readonly text: string
  readonly resolve: (answer: TextAnswer) => void
  readonly reject: (error: Error) => void
}

const HEAD_END = '\r\n\r\n'

export class Lines {
  readonly #base: URL
  readonly #max: number
  readonly #sockets = new Set<Socket>()
  readonly #idle: ((ask: Ask) => void)[] = []
  readonly #waiting: Ask[] = []

  constructor(base: URL, max: number) {
    this.#base = base
    this.#max = max
  }

  async post(path: string, headers: string, body: string): Promise<Answer> {
    const { status, text } = await this.#send(
      `POST ${path} HTTP/1.1\r\nhost: ${this.#base.host}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
    )
    return { status, body: JSON.parse(text) as Answer['body'] }
  }

  get(path: string, headers: string): Promise<TextAnswer> {
    return this.#send(`GET ${path} HTTP/1.1\r\nhost: ${this.#base.host}\r\n${headers}\r\n`)
  }

  #send(text: string): Promise<TextAnswer> {
    return new Promise((resolve, reject) => {
      const ask = { text, resolve, reject }
      const line = this.#idle.pop()
      if (line) line(ask)
      else if (this.#sockets.size < this.#max) this.#open(ask)
      else this.#waiting.push(ask)
    })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #open(first: Ask): void {
    const socket = connect({ host: this.#base.hostname, port: Number(this.#base.port), noDelay: true })
    this.#sockets.add(socket)
    let asked: Ask | undefined
    let got = ''
    const ask = (one: Ask): void => {
      asked = one
      got = ''
      socket.write(one.text)
    }
    socket.setEncoding('latin1')
    socket.on('data', (part: string) => {
      got += part
      const answer = answerIn(got)
      if (!answer || !asked) return
      asked.resolve(answer)
      asked = undefined
      const next = this.#waiting.shift()
      if (next) ask(next)
      else this.#idle.push(ask)
    })
    socket.on('error', (error) => {
      asked?.reject(error)
      asked = undefined
    })
    socket.on('close', () => {
      this.#sockets.delete(socket)
      const at = this.#idle.indexOf(ask)
      if (at >= 0) this.#idle.splice(at, 1)
      asked?.reject(new Error('the connection was closed without an answer'))
      const next = this.#waiting.shift()
      if (next) this.#open(next)
    })
    ask(first)
  }
}

/** The answer, when it is whole. */
function answerIn(text: string): TextAnswer | undefined {
  const end = text.indexOf(HEAD_END)
  if (end < 0) return undefined
  const head = text.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
  const body = text.slice(end + HEAD_END.length)
  if (Number.isNaN(length)) throw new Error(`an answer without Content-Length: ${head.slice(0, 200)}`)
  if (body.length < length) return undefined
  return { status: Number(head.slice(9, 12)), text: body }
}
