/** Owns what an answer says about itself: the media type of its format and the summary of its query. PURE. */
import type { Outcome } from './job.ts'

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^JSON.*EachRow|^JSONLines$|^NDJSON$/i, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/i, 'application/json; charset=UTF-8'],
  [/^CSV/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^(TabSeparated|TSV)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML$/i, 'application/xml; charset=UTF-8'],
  [
    /^(Native|RowBinary|Parquet|Arrow|ORC|Avro|Protobuf|MsgPack|BSON|CapnProto|Npy)/i,
    'application/octet-stream',
  ],
]

export function contentType(format: string): string {
  const type = TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8'
  return /^CSVWithNames/i.test(format) ? type.replace('absent', 'present') : type
}

const TAIL_BYTES = 256
const ROWS_READ = /"rows_read"\s*:\s*(\d+)[\s\S]*"bytes_read"\s*:\s*(\d+)/

/**
 * Rows read from the storage are known from formats that print statistics; for others the rows of the answer stand in
 * (the engine's bindings give no other number).
 */
export function summary(outcome: Outcome): string {
  const printed = /^JSON/i.test(outcome.format)
    ? ROWS_READ.exec(outcome.bytes.subarray(-TAIL_BYTES).toString('latin1'))
    : null
  return JSON.stringify({
    read_rows: printed?.[1] ?? String(outcome.resultRows),
    read_bytes: printed?.[2] ?? String(outcome.resultBytes),
    written_rows: String(outcome.writtenRows),
    written_bytes: String(outcome.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(outcome.writtenRows > 0 ? outcome.writtenRows : outcome.resultRows),
    result_bytes: String(outcome.writtenRows > 0 ? outcome.writtenBytes : outcome.resultBytes),
    elapsed_ns: String(Math.max(1, Math.round(outcome.elapsedS * 1e9))),
  })
}
