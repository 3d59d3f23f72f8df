/** Owns getting a codec at start: a registry that is away is waited for, so that a cold start in an outage is no crash loop. */
import type { Log } from '../../platform/log.ts'
import { RecordCodec } from '../../schemas/codec/event-codec.ts'
import type { EventType } from '../../schemas/generated/records.ts'
import { openRegistry } from '../../schemas/registry.ts'

const RETRY_MS = 2_000

/** The codec, or undefined when `stopping` said so first. */
export async function awaitCodec(
  registryUrl: string,
  types: readonly EventType[],
  life: { readonly log: Log; readonly stopping: boolean },
): Promise<RecordCodec | undefined> {
  const registry = openRegistry(registryUrl)
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
