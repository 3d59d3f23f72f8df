/** Owns the settings of one stack, validated once from the supervisor's arguments. Refuses: reading the environment. */
import { parseArgs } from 'node:util'
import { z } from 'zod'

const settingsSchema = z.object({
  data: z.string().min(1),
  portBase: z.coerce.number().int().min(1024).max(65_000),
  demo: z.boolean(),
  speed: z.coerce.number().positive().max(1_000),
  storesOnly: z.boolean(),
  /** Between two rounds of the canary tenant; 0 = there is none. */
  canarySeconds: z.coerce.number().int().min(0).max(86_400),
  /** The process whose end ends the stack (a foreground `up`); 0 when it shall outlive everybody. */
  parent: z.coerce.number().int().nonnegative(),
})
export type StackSettings = Readonly<z.infer<typeof settingsSchema>>

export const toArguments = (settings: StackSettings): string[] => [
  `--data=${settings.data}`,
  `--port-base=${settings.portBase}`,
  `--speed=${settings.speed}`,
  `--parent=${settings.parent}`,
  `--canary-seconds=${settings.canarySeconds}`,
  ...(settings.demo ? ['--demo'] : []),
  ...(settings.storesOnly ? ['--stores-only'] : []),
]

export const fromArguments = (args: readonly string[]): StackSettings => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      'port-base': { type: 'string' },
      speed: { type: 'string', default: '1' },
      parent: { type: 'string', default: '0' },
      'canary-seconds': { type: 'string', default: '0' },
      demo: { type: 'boolean', default: false },
      'stores-only': { type: 'boolean', default: false },
    },
  })
  return Object.freeze(
    settingsSchema.parse({
      data: values.data,
      portBase: values['port-base'],
      demo: values.demo,
      speed: values.speed,
      storesOnly: values['stores-only'],
      parent: values.parent,
      canarySeconds: values['canary-seconds'],
    }),
  )
}
