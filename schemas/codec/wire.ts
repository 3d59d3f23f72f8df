/** Confluent wire format: one zero byte, the schema id in four bytes (big endian), then the Avro body. */
export const MAGIC = 0
export const HEADER_BYTES = 5

/** Schema id of a framed value; undefined when it is not framed (too short, other magic byte). */
export function schemaIdOf(bytes: Buffer | null): number | undefined {
  if (bytes === null || bytes.length < HEADER_BYTES || bytes[0] !== MAGIC) return undefined
  return bytes.readUInt32BE(1)
}

export function writeHeader(target: Buffer, schemaId: number): void {
  target[0] = MAGIC
  target.writeUInt32BE(schemaId, 1)
}
