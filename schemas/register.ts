/** Registers every schema of schemas/avro. `SCHEMA_REGISTRY_URL=http://... node schemas/register.ts` */
import { openRegistry, RegistryError } from './registry.ts'

const url = process.env['SCHEMA_REGISTRY_URL']
if (!url) {
  console.error('SCHEMA_REGISTRY_URL is not set: it is the base of the Confluent API of the schema registry')
  process.exit(2)
}
try {
  const ids = await openRegistry(url).registerAll()
  for (const [type, id] of ids) console.log(`${type} ${id}`)
} catch (cause) {
  console.error(cause instanceof RegistryError ? `${cause.code}: ${cause.message}` : cause)
  process.exit(cause instanceof RegistryError && cause.code === 'registry_unreachable' ? 3 : 1)
}
