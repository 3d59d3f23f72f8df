/**
 * The name of a commit, in the metadata of the offset it commits (R6). It also tells a new owner whose transaction may
 * still be open.
 */
const FORM = /^nikash:1:(\d+):(.+)$/

export const commitName = (transactionalId: string, number: number): string =>
  `nikash:1:${number}:${transactionalId}`

/** Transactional id of a name; undefined when the metadata is not ours. */
export const ownerOf = (metadata: string): string | undefined => FORM.exec(metadata)?.[2]
