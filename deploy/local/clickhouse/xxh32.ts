/** Owns XXH32 as a running sum (seed 0), which LZ4 frames use as their checksum. PURE. Checked by published vectors. */
const P1 = 0x9e3779b1
const P2 = 0x85ebca77
const P3 = 0xc2b2ae3d
const P4 = 0x27d4eb2f
const P5 = 0x165667b1

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by))
const round = (lane: number, word: number): number =>
  Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1)

export class Xxh32 {
  #lanes: [number, number, number, number] = [(P1 + P2) | 0, P2 | 0, 0, -P1 | 0]
  readonly #rest = Buffer.alloc(16)
  #restLength = 0
  #total = 0

  update(bytes: Buffer): this {
    this.#total += bytes.length
    let at = 0
    if (this.#restLength > 0) {
      const taken = Math.min(16 - this.#restLength, bytes.length)
      bytes.copy(this.#rest, this.#restLength, 0, taken)
      this.#restLength += taken
      at = taken
      if (this.#restLength < 16) return this
      this.#stripe(this.#rest, 0)
      this.#restLength = 0
    }
    for (; at + 16 <= bytes.length; at += 16) this.#stripe(bytes, at)
    this.#restLength = bytes.copy(this.#rest, 0, at)
    return this
  }

  #stripe(bytes: Buffer, at: number): void {
    const [a, b, c, d] = this.#lanes
    this.#lanes = [
      round(a, bytes.readInt32LE(at)),
      round(b, bytes.readInt32LE(at + 4)),
      round(c, bytes.readInt32LE(at + 8)),
      round(d, bytes.readInt32LE(at + 12)),
    ]
  }

  digest(): number {
    const [a, b, c, d] = this.#lanes
    let sum = this.#total >= 16 ? (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0 : P5 | 0
    sum = (sum + this.#total) | 0
    let at = 0
    for (; at + 4 <= this.#restLength; at += 4) {
      sum = Math.imul(rotate((sum + Math.imul(this.#rest.readInt32LE(at), P3)) | 0, 17), P4)
    }
    for (; at < this.#restLength; at += 1) {
      sum = Math.imul(rotate((sum + Math.imul(this.#rest[at] ?? 0, P5)) | 0, 11), P1)
    }
    sum = Math.imul(sum ^ (sum >>> 15), P2)
    sum = Math.imul(sum ^ (sum >>> 13), P3)
    return (sum ^ (sum >>> 16)) >>> 0
  }
}

export const xxh32 = (bytes: Buffer): number => new Xxh32().update(bytes).digest()
