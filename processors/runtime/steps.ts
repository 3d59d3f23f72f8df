/** The numbered steps at which a run can be made to die, in the order of README.md (a test compares the two). */
export const COMMIT_STEPS = ['cut', 'begun', 'produced', 'offsets', 'committed', 'confirmed'] as const
/** Its fourth step is the last one of the commit that carries it. */
export const CHECKPOINT_STEPS = ['frozen', 'encoded', 'written'] as const
export const RESTORE_STEPS = ['position', 'cells', 'manifest', 'replay', 'claimed'] as const
export type CommitStep = (typeof COMMIT_STEPS)[number]
export type CheckpointStep = (typeof CHECKPOINT_STEPS)[number]
export type RestoreStep = (typeof RESTORE_STEPS)[number]
export type Step = CommitStep | CheckpointStep | RestoreStep

export const STEPS: readonly Step[] = [...COMMIT_STEPS, ...CHECKPOINT_STEPS, ...RESTORE_STEPS]

/**
 * Called when a step is done. May throw, kill the process, or wait; at `frozen` and `encoded` it may only kill: a cut
 * is one synchronous step.
 */
export type Failpoint = (step: Step) => void | Promise<void>
