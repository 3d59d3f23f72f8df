/**
 * Owns reading one file out of a zip (jar) archive: the JDK's `jar` is missing where only a JRE is installed, and
 * `unzip` is not everywhere. Refuses: zip64, encryption, and methods other than stored and deflate.
 */
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const LOCAL_HEADER = 0x04034b50
const STORED = 0
const DEFLATED = 8

/** The end record is the last thing in the file, behind it at most a comment of 64 KB. */
const directoryOffset = (archive: Buffer): { offset: number; entries: number } => {
  const lowest = Math.max(0, archive.length - 22 - 0xffff)
  for (let at = archive.length - 22; at >= lowest; at -= 1) {
    if (archive.readUInt32LE(at) !== END_OF_DIRECTORY) continue
    return { offset: archive.readUInt32LE(at + 16), entries: archive.readUInt16LE(at + 10) }
  }
  throw new Error('no end of central directory: the archive is cut off or not a zip file')
}

const contentAt = (archive: Buffer, local: number, method: number, compressedSize: number): Buffer => {
  if (archive.readUInt32LE(local) !== LOCAL_HEADER) throw new Error('a local header is damaged')
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const content = archive.subarray(start, start + compressedSize)
  if (method === STORED) return content
  if (method === DEFLATED) return inflateRawSync(content)
  throw new Error(`compression method ${method} is not supported`)
}

export const readZipEntry = (archive: Buffer, name: string): Buffer => {
  const directory = directoryOffset(archive)
  let at = directory.offset
  for (let index = 0; index < directory.entries; index += 1) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('the central directory is damaged')
    const nameLength = archive.readUInt16LE(at + 28)
    const entryName = archive.toString('utf8', at + 46, at + 46 + nameLength)
    if (entryName === name) {
      const method = archive.readUInt16LE(at + 10)
      const content = contentAt(archive, archive.readUInt32LE(at + 42), method, archive.readUInt32LE(at + 20))
      const size = archive.readUInt32LE(at + 24)
      if (content.length !== size) throw new Error(`${name} has ${content.length} bytes instead of ${size}`)
      return content
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  throw new Error(`the archive has no entry ${name}`)
}
