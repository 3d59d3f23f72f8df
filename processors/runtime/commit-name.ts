/**
 * The name of a commit, in the metadata of the offset it commits (R6). It also tells a new owner whose transaction may
 * still be open. A transactional id may be that of a process before, which counted from one as well: hence the incarnation.
 */
const FORM = /^nikash:1:(?:[0-9a-f]+\.)?\d+:(.+)$/

export const commitName = (transactionalId: string, incarnation: string, number: number): string =>
  `nikash:1:${incarnation}.${number}:${transactionalId}`

/** Transactional id of a name; undefined when the metadata is not ours. */
export const ownerOf = (metadata: string): string | undefined => FORM.exec(metadata)?.[1]
