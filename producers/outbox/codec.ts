/** Owns getting a codec at start: a registry that is away is waited for, so that a cold start in an outage is no crash loop. */
import { createBreakers } from '../../platform/breaker.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { EventType } from '../../schemas/generated/records.ts'
import { isPassing, openRegistry } from '../../schemas/registry.ts'

const RETRY_MS = 2_000

/** The codec, or undefined when `stopping` said so first. */
export async function awaitCodec(
  registryUrl: string,
  types: readonly EventType[],
  life: { readonly log: Log; readonly metrics: Metrics; readonly stopping: boolean },
): Promise<RecordCodec | undefined> {
  const guard = createBreakers(life.metrics).guard('registry', { isFailure: isPassing })
  const registry = openRegistry(registryUrl, { guard })
  while (!life.stopping) {
    try {
      return await RecordCodec.open(registry, types)
    } catch (error) {
      life.log.warn(
        { err: error, retryMs: RETRY_MS },
        'the schema ids are not known yet: is the registry up, and did schemas/register.ts run?',
      )
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
  return undefined
}
