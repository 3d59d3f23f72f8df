/** Bytes of a cell: [format][count]([key length][key][value length][value])*, lengths as varints. Refuses other formats. */
const FORMAT = 1

export class CellCorrupt extends Error {
  override readonly name = 'CellCorrupt'
}

export class CellWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #at = 0

  begin(count: number): void {
    this.#at = 0
    this.#room(16)
    this.#buffer[this.#at++] = FORMAT
    this.#varint(count)
  }

  entry(key: string, value: Buffer): void {
    const keyBytes = Buffer.byteLength(key)
    this.#room(keyBytes + value.length + 20)
    this.#varint(keyBytes)
    this.#at += this.#buffer.write(key, this.#at)
    this.#varint(value.length)
    this.#at += value.copy(this.#buffer, this.#at)
  }

  end(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#at))
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#at++] = rest
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** Calls `each` for every entry, in the order of writing. */
export function readCell(bytes: Buffer, each: (key: string, value: Buffer) => void): void {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 42) throw new CellCorrupt('the cell ends inside a length')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  if (bytes[at++] !== FORMAT) throw new CellCorrupt(`cell format ${bytes[0] ?? 'none'} is not ${FORMAT}`)
  for (let left = varint(); left > 0; left--) {
    const keyEnd = varint() + at
    const key = bytes.toString('utf8', at, keyEnd)
    at = keyEnd
    const valueEnd = varint() + at
    if (valueEnd > bytes.length) throw new CellCorrupt('the cell ends inside an entry')
    each(key, bytes.subarray(at, valueEnd))
    at = valueEnd
  }
  if (at !== bytes.length) throw new CellCorrupt(`${bytes.length - at} bytes after the last entry`)
}
