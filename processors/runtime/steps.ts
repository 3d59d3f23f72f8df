/** The numbered steps at which a run can be made to die, in the order of README.md. */
export const COMMIT_STEPS = ['cut', 'begun', 'produced', 'offsets', 'committed', 'confirmed'] as const
export const RESTORE_STEPS = ['cells', 'replay'] as const
export type CommitStep = (typeof COMMIT_STEPS)[number]
export type RestoreStep = (typeof RESTORE_STEPS)[number]
export type Step = CommitStep | RestoreStep

export const STEPS: readonly Step[] = [...COMMIT_STEPS, ...RESTORE_STEPS]

/** Called when a step is done. May throw, kill the process, or wait. */
export type Failpoint = (step: Step) => void | Promise<void>
