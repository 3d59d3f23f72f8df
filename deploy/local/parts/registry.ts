/**
 * Owns the schema registry: Apicurio on Postgres, Confluent's API under /apis/ccompat/v7. Refuses: its default storage
 * (memory: all lost) and its embedded H2 (lost data at kill -9).
 */
import { join } from 'node:path'
import { expectHttpOk, type Part } from '../part.ts'
import { HOST, type Ports } from '../ports.ts'
import { ensureTool, TOOL_VERSIONS } from '../tools.ts'
import { findJava } from './java.ts'

export const REGISTRY_ROLE = 'nikash_registry'
export const REGISTRY_DATABASE = 'registry'

export const registryPart = (ports: Ports): Part => ({
  name: 'registry',
  kind: 'store',
  version: TOOL_VERSIONS.registry,
  ports: { registry: ports.registry, management: ports.registryManagement },
  dependsOn: ['postgres'],
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 15_000,
  healthTimeoutMs: 90_000,
  present: true,
  prepare: async (context, say) => {
    const java = await findJava(context.inherited)
    const toolFolder = await ensureTool('registry', say)
    return {
      file: java.file,
      args: [
        '-Xms64m',
        '-Xmx256m',
        '-XX:+UseSerialGC',
        // Few calls, so the quick compiler is enough: it starts sooner and takes less memory.
        '-XX:TieredStopAtLevel=1',
        '-XX:MaxMetaspaceSize=192m',
        '-XX:ReservedCodeCacheSize=64m',
        '-XX:+ExitOnOutOfMemoryError',
        '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
        '-jar',
        join(toolFolder, `apicurio-registry-app-${TOOL_VERSIONS.registry}-runner.jar`),
      ],
      env: {
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        APICURIO_DATASOURCE_URL: `jdbc:postgresql://${HOST}:${ports.postgres}/${REGISTRY_DATABASE}`,
        APICURIO_DATASOURCE_USERNAME: REGISTRY_ROLE,
        APICURIO_DATASOURCE_PASSWORD: context.secrets.postgresRegistry,
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '1',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '1',
        APICURIO_DATASOURCE_JDBC_MAX_SIZE: '10',
        QUARKUS_HTTP_HOST: HOST,
        QUARKUS_HTTP_PORT: String(ports.registry),
        QUARKUS_MANAGEMENT_HOST: HOST,
        QUARKUS_MANAGEMENT_PORT: String(ports.registryManagement),
        QUARKUS_LOG_LEVEL: 'WARN',
      },
      cwd: toolFolder,
    }
  },
  check: () => expectHttpOk(ports.registry, '/apis/ccompat/v7/subjects'),
})
