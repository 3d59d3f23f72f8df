import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { javaMajor } from '../../../deploy/local/parts/java.ts'
import { isRedisNewEnough } from '../../../deploy/local/parts/redis.ts'
import { damageOf, differenceFromLock, maven } from '../../../deploy/local/tools.ts'
import { readZipEntry } from '../../../deploy/local/zip.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nikash-tools-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('an installed tool', () => {
  const install = () => {
    writeFileSync(join(folder, 'a.jar'), 'aaaa')
    writeFileSync(join(folder, 'b.jar'), 'bb')
    writeFileSync(join(folder, '.whole.json'), JSON.stringify({ files: { 'a.jar': 4, 'b.jar': 2 } }))
  }

  it('is whole when each file has its size', () => {
    install()
    expect(damageOf(folder)).toBeUndefined()
  })

  it('is damaged when a file is cut off, missing, or the list was never written', () => {
    install()
    truncateSync(join(folder, 'a.jar'), 3)
    expect(damageOf(folder)).toBe('a.jar has 3 bytes instead of 4')
    rmSync(join(folder, 'a.jar'))
    expect(damageOf(folder)).toBe('a.jar is missing')
    rmSync(join(folder, '.whole.json'))
    expect(damageOf(folder)).toContain('not finished')
  })
})

describe('a download', () => {
  const sha = (text: string) => createHash('sha256').update(text).digest('hex')

  it('is accepted only with the contents of the lock', () => {
    writeFileSync(join(folder, 'x.jar'), 'good')
    expect(differenceFromLock(folder, { 'x.jar': sha('good') })).toBeUndefined()
    expect(differenceFromLock(folder, { 'x.jar': sha('other') })).toContain('x.jar')
  })

  it('is refused when a file came along that the lock does not know, or one stayed away', () => {
    writeFileSync(join(folder, 'x.jar'), 'good')
    writeFileSync(join(folder, 'y.jar'), 'more')
    expect(differenceFromLock(folder, { 'x.jar': sha('good') })).toContain('y.jar')
    rmSync(join(folder, 'y.jar'))
    expect(differenceFromLock(folder, { 'x.jar': sha('good'), 'z.jar': sha('z') })).toContain('z.jar')
  })
})

describe('Maven', () => {
  /** A program in its place: says when two of it run at once, and fails as often as told. */
  const stand = (failures: number): void => {
    writeFileSync(
      join(folder, 'mvn'),
      `#!/bin/sh
cd '${folder}'
mkdir running || { echo 'two at once' >> told; exit 0; }
echo run >> told
sleep 0.2
rmdir running
[ "$(grep -c run told)" -gt ${failures} ] || { echo '[ERROR] the network is away'; exit 1; }
`,
      { mode: 0o755 },
    )
  }
  const told = (): string => readFileSync(join(folder, 'told'), 'utf8')
  const path = process.env['PATH']
  beforeEach(() => void (process.env['PATH'] = `${folder}:${path}`))
  afterEach(() => void (process.env['PATH'] = path))

  it('runs one at a time', async () => {
    stand(0)
    await Promise.all([maven(['a'], 0), maven(['b'], 0), maven(['c'], 0)])
    expect(told()).toBe('run\nrun\nrun\n')
  })

  it('is asked three times, then its reason is told', async () => {
    stand(2)
    await maven(['a'], 0)
    expect(told()).toBe('run\nrun\nrun\n')
    stand(100)
    await expect(maven(['a'], 0)).rejects.toThrow('the network is away')
    expect(told().match(/run/g)).toHaveLength(6)
  })
})

/** A zip with one entry, by the format's description: local header, data, directory, end record. */
const zipOf = (name: string, content: Buffer, method: 0 | 8, comment = ''): Buffer => {
  const data = method === 8 ? deflateRawSync(content) : content
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(method, 8)
  local.writeUInt16LE(name.length, 26)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(method, 10)
  entry.writeUInt32LE(data.length, 20)
  entry.writeUInt32LE(content.length, 24)
  entry.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(local.length + name.length + data.length, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([local, Buffer.from(name), data, entry, Buffer.from(name), end, Buffer.from(comment)])
}

describe('a zip archive', () => {
  const content = Buffer.from('redis '.repeat(1_000))

  it.each([0, 8] as const)('gives back an entry stored with method %i', (method) => {
    expect(readZipEntry(zipOf('bin/redis', content, method, 'a comment'), 'bin/redis').equals(content)).toBe(
      true,
    )
  })

  it('that is cut off, or lacks the entry, is an error and not an empty file', () => {
    const archive = zipOf('bin/redis', content, 8)
    expect(() => readZipEntry(archive.subarray(0, archive.length - 30), 'bin/redis')).toThrow(/cut off/)
    expect(() => readZipEntry(archive, 'bin/other')).toThrow(/no entry bin\/other/)
  })
})

describe('versions on PATH', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['something else', undefined],
  ])('reads the major version of Java from %s', (text, major) => {
    expect(javaMajor(text)).toBe(major)
  })

  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1', true],
    ['Redis server v=6.2.11 sha=0', true],
    ['Redis server v=6.0.16 sha=0', false],
    ['Redis server v=10.1.0 sha=0', true],
    ['no redis', false],
  ])('accepts Redis from 6.2 on: %s', (text, accepted) => {
    expect(isRedisNewEnough(text)).toBe(accepted)
  })
})
