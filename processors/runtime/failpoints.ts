/** Failpoints by name: "produced:3" ends the process by SIGKILL when that step is done for the third time. */
import { type Failpoint, STEPS, type Step } from './steps.ts'

export const NO_FAILPOINT: Failpoint = () => undefined

/** Throws with the accepted form when the text is not of it. `kill` is what happens. */
export function parseFailpoint(text: string, kill: () => void): Failpoint {
  const [step = '', nth = '1', ...rest] = text.split(':')
  if (!STEPS.includes(step as Step) || !/^[1-9]\d{0,6}$/.test(nth) || rest.length > 0)
    throw new Error(`"${text}" must be STEP or STEP:COUNT, with STEP one of ${STEPS.join(', ')}`)
  let left = Number(nth)
  return (done) => {
    if (done === step && --left === 0) kill()
  }
}
