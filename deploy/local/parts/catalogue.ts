/** Owns the list of parts of a stack, in the order in which `status` shows them. Refuses: how any of them works. */
import type { Part } from '../part.ts'
import type { Ports } from '../ports.ts'
import { kafkaPart } from './kafka.ts'
import { postgresPart } from './postgres.ts'
import { redisPart } from './redis.ts'
import { registryPart } from './registry.ts'
import { clickhousePart, serviceParts, setupPart } from './services.ts'

export type Choice = {
  readonly demo: boolean
  readonly storesOnly: boolean
  /** 0 = no canary. */
  readonly canarySeconds: number
}

export const partsOf = (ports: Ports, choice: Choice): Part[] => {
  const stores = [
    postgresPart(ports),
    redisPart(ports),
    kafkaPart(ports),
    registryPart(ports),
    clickhousePart(ports),
  ]
  return choice.storesOnly ? stores : [...stores, setupPart(), ...serviceParts(ports, choice)]
}
