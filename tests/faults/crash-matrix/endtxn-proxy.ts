/**
 * A TCP proxy before one broker that can hold an EndTxn request: its client loses the connection without an answer, and
 * the broker gets the request later, when another transaction may be open. Everything else passes as it is.
 *
 *   const proxy = await EndTxnProxy.open('127.0.0.1:9092')
 *   openKafka({ ..., socketFactory: proxy.socketFactory })
 *   proxy.holdNext()          // the next EndTxn
 *   await proxy.held          // it was sent, and is not with the broker
 *   await proxy.release()     // it arrives; gives the broker's error code
 */
import { once } from 'node:events'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import type { SocketFactory } from '../../../platform/kafka/kafkajs/internals.ts'

const END_TXN = 26
const ANSWER_MS = 10_000

interface Held {
  readonly frame: Buffer
  readonly upstream: Socket
}

/** Cuts a stream into frames: four bytes of length, then as many. */
function frames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const size = 4 + rest.readInt32BE(0)
      onFrame(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
  }
}

export class EndTxnProxy {
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  #wanted = false
  #held: Held | undefined
  #tell: () => void = () => undefined
  /** Resolves when the request asked for by `holdNext` is held. */
  held: Promise<void> = Promise.resolve()

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server
    this.#target = target
    server.on('connection', (client) => this.#connect(client))
  }

  static async open(broker: string): Promise<EndTxnProxy> {
    const [host = '', port = ''] = broker.split(':')
    const server = net.createServer()
    const proxy = new EndTxnProxy(server, { host, port: Number(port) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  /** Wherever the client was told to go, it comes here. */
  readonly socketFactory: SocketFactory = ({ onConnect }) => {
    const { port } = this.#server.address() as AddressInfo
    return net.connect({ host: '127.0.0.1', port }, onConnect)
  }

  get holding(): boolean {
    return this.#held !== undefined
  }

  holdNext(): void {
    this.#wanted = true
    this.held = new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  #connect(client: Socket): void {
    const upstream = net.connect(this.#target)
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    upstream.on('data', (chunk: Buffer) => client.write(chunk))
    upstream.on('close', () => client.destroy())
    client.on(
      'data',
      frames((frame) => {
        if (this.#wanted && frame.readInt16BE(4) === END_TXN) {
          this.#wanted = false
          this.#held = { frame, upstream }
          client.destroy()
          this.#tell()
        } else upstream.write(frame)
      }),
    )
    client.on('close', () => {
      if (this.#held?.upstream !== upstream) upstream.destroy()
    })
  }

  /** Lets the held request go on; the broker's error code, 0 = done. */
  async release(): Promise<number> {
    const held = this.#held
    if (held === undefined) throw new Error('no EndTxn is held')
    this.#held = undefined
    const { frame, upstream } = held
    const correlation = frame.readInt32BE(8)
    const code = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer to the held EndTxn')), ANSWER_MS)
      upstream.on(
        'data',
        frames((answer) => {
          if (answer.readInt32BE(4) !== correlation) return
          clearTimeout(timer)
          // After the correlation id: throttle time, error code.
          resolve(answer.readInt16BE(12))
        }),
      )
    })
    upstream.write(frame)
    try {
      return await code
    } finally {
      upstream.destroy()
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
