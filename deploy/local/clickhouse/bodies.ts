/**
 * Owns bytes on their way in and out: decoding a request body, keeping it in a file, encoding an answer.
 * B1: a body is bytes from the socket to the engine; nothing makes a string of the data. B2: what is decoded is counted
 *     against a limit as it appears. B3: an unknown encoding is refused before a byte is read. B4: a file that was
 *     written is removed whatever happens.
 */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
  deflate,
  gzip,
  zstdCompress,
} from 'node:zlib'
import { compressFrame } from 'lz4-napi'
import { cannotDecompress, ClickHouseError, queryTooLarge, unknownCompression } from './errors.ts'
import { lz4Frames } from './lz4-frame.ts'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
}

export const REQUEST_ENCODINGS = ['gzip', 'deflate', 'br', 'zstd', 'lz4'] as const

/** The body, decoded, in chunks. Throws at once for an encoding we do not know. */
export function decodedBody(request: IncomingMessage, limitBytes: number): AsyncGenerator<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const known = encoding === 'identity' || encoding === '' || encoding === 'lz4' || encoding in DECODERS
  if (!known) {
    throw unknownCompression(
      `Content-Encoding ${encoding} is not supported: send ${REQUEST_ENCODINGS.join(', ')} or no encoding`,
    )
  }
  return counted(decode(request, encoding), limitBytes)
}

async function* decode(request: IncomingMessage, encoding: string): AsyncGenerator<Buffer> {
  const source = request as AsyncIterable<Buffer>
  if (encoding === 'lz4') {
    yield* lz4Frames(source)
    return
  }
  const make = DECODERS[encoding]
  if (make === undefined) {
    yield* source
    return
  }
  const decoder = make()
  let failure: unknown
  const done = pipeline(Readable.from(source, { objectMode: false }), decoder).catch((error: unknown) => {
    failure = error
  })
  try {
    for await (const chunk of decoder) yield chunk as Buffer
    await done
  } catch (error) {
    failure ??= error
  }
  if (failure !== undefined) throw decodingError(failure, encoding)
}

function decodingError(error: unknown, encoding: string): Error {
  if (error instanceof ClickHouseError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR')
    return error as Error
  const message = error instanceof Error ? error.message : String(error)
  return cannotDecompress(`The ${encoding} body is damaged or cut (${message}). Send it again`)
}

async function* counted(source: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let total = 0
  for await (const chunk of source) {
    total += chunk.length
    if (total > limitBytes) {
      throw queryTooLarge(
        `The body is larger than ${limitBytes} bytes when decoded: send it in several inserts`,
      )
    }
    yield chunk
  }
}

/** All of it, for texts: bounded by the limit that it was opened with. */
export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

let files = 0

export interface Spooled {
  readonly path: string
  readonly bytes: number
  /** The first bytes, to tell blank data from data. */
  readonly head: Buffer
  remove(): Promise<void>
}

/** B4: the caller removes it; a body that does not arrive whole is removed here. */
export async function spool(folder: string, source: AsyncIterable<Buffer>): Promise<Spooled> {
  files += 1
  const path = join(folder, `body-${process.pid}-${files}.data`)
  let bytes = 0
  let head: Buffer = Buffer.alloc(0)
  const counting = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      if (head.length < 64) head = Buffer.concat([head, chunk.subarray(0, 64)])
      bytes += chunk.length
      yield chunk
    }
  }
  const remove = (): Promise<void> => rm(path, { force: true })
  try {
    await pipeline(counting(), createWriteStream(path, { mode: 0o600 }))
    return { path, bytes, head, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

const ENCODERS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  zstd: promisify(zstdCompress),
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  lz4: (bytes) => compressFrame(bytes),
  gzip: promisify(gzip),
  deflate: promisify(deflate),
}

/** The order of a real server. */
const PREFERRED = ['zstd', 'br', 'lz4', 'gzip', 'deflate'] as const

const acceptedEncodings = (accept: string | undefined): ReadonlySet<string> =>
  new Set(
    (accept ?? '')
      .split(',')
      .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
      .map((part) => (part.split(';')[0] ?? '').trim().toLowerCase()),
  )

export function responseEncoding(accept: string | undefined): string | undefined {
  const accepted = acceptedEncodings(accept)
  return PREFERRED.find((name) => accepted.has(name))
}

export const encode = (bytes: Buffer, encoding: string): Promise<Buffer> =>
  ENCODERS[encoding]?.(bytes) ?? Promise.resolve(bytes)

/** For results that are streamed; LZ4 has no streaming encoder here. */
const STREAM_ENCODERS: Readonly<Record<string, () => Transform>> = {
  zstd: () => createZstdCompress(),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => createGzip(),
  deflate: () => createDeflate(),
}

export function streamEncoding(accept: string | undefined): string | undefined {
  const accepted = acceptedEncodings(accept)
  return PREFERRED.find((name) => accepted.has(name) && Object.hasOwn(STREAM_ENCODERS, name))
}

export function streamEncoder(encoding: string): Transform {
  const make = STREAM_ENCODERS[encoding]
  if (make === undefined) throw new Error(`no streaming encoder for ${encoding}`)
  return make()
}
