/**
 * Owns the broker: one KRaft node, broker and controller in one process. Refuses: topics made by accident, and
 * transactions open for longer than a minute.
 *
 * K1  offsets never expire: a worker that was away for long goes on where it stopped, it never resets.
 * K2  an abandoned transaction is swept each second, so that it holds up readers for seconds and not minutes.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { messageOf, StackError } from '../errors.ts'
import type { Part, StackContext } from '../part.ts'
import { HOST, type Ports } from '../ports.ts'
import { ensureTool, TOOL_VERSIONS } from '../tools.ts'
import { findJava } from './java.ts'

const run = promisify(execFile)
const OFFSETS_KEPT_FOR_EVER_MINUTES = 2_147_483_647

const serverProperties = (context: StackContext): string => {
  const { kafka, kafkaController } = context.ports
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@${HOST}:${kafkaController}`,
    `listeners=PLAINTEXT://${HOST}:${kafka},CONTROLLER://${HOST}:${kafkaController}`,
    `advertised.listeners=PLAINTEXT://${HOST}:${kafka}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(context.layout.kafka, 'logs')}`,
    'auto.create.topics.enable=false',
    'num.partitions=10',
    'default.replication.factor=1',
    'min.insync.replicas=1',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=5',
    `offsets.retention.minutes=${OFFSETS_KEPT_FOR_EVER_MINUTES}`,
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=5',
    'transaction.max.timeout.ms=60000',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'share.coordinator.state.topic.num.partitions=1',
    'group.min.session.timeout.ms=2000',
    'group.initial.rebalance.delay.ms=0',
    // Small machine: few threads, and a cleaner that fits into the heap.
    'num.network.threads=2',
    'num.io.threads=4',
    'background.threads=2',
    'log.cleaner.threads=1',
    'log.cleaner.dedupe.buffer.size=33554432',
    '',
  ].join('\n')
}

/** Warnings and worse to the part's log; Kafka's own INFO lines would be most of the disk a stack uses. */
const LOG4J = `appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
# Says twenty times a second that a broker which is not up yet is not up yet.
logger.network.name = org.apache.kafka.clients.NetworkClient
logger.network.level = ERROR
`

const classpathOf = (toolFolder: string): string => join(toolFolder, '*')

/** Once per data folder (a JVM start is a second): the mark is written after it succeeded. */
const format = async (
  java: string,
  toolFolder: string,
  config: string,
  context: StackContext,
): Promise<void> => {
  const mark = join(context.layout.kafka, '.formatted')
  if (existsSync(mark)) return
  const args = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classpathOf(toolFolder)]
  const tool = ['kafka.tools.StorageTool', 'format', '-t', context.secrets.kafkaClusterId, '-c', config]
  try {
    await run(java, [...args, ...tool, '--ignore-formatted'], { timeout: 60_000 })
    writeFileSync(mark, context.secrets.kafkaClusterId)
  } catch (cause) {
    throw new StackError(
      'KAFKA_FORMAT_FAILED',
      `Kafka could not prepare its folder ${context.layout.kafka}: ${messageOf(cause).slice(0, 500)}`,
      'If the folder is damaged or from another cluster, run ./nikash reset (this deletes the local data).',
      { cause },
    )
  }
}

const checkBroker = async (ports: Ports): Promise<void> => {
  const client = new Kafka({
    clientId: 'nikash-health',
    brokers: [`${HOST}:${ports.kafka}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    retry: { retries: 0 },
  })
  const admin = client.admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    if (brokers.length === 0) throw new Error('the broker has not registered with its controller yet')
  } finally {
    await admin.disconnect()
  }
}

export const kafkaPart = (ports: Ports): Part => ({
  name: 'kafka',
  kind: 'store',
  version: TOOL_VERSIONS.kafka,
  ports: { kafka: ports.kafka, controller: ports.kafkaController },
  dependsOn: [],
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 30_000,
  healthTimeoutMs: 90_000,
  present: true,
  prepare: async (context, say) => {
    const java = await findJava(context.inherited)
    const toolFolder = await ensureTool('kafka', say)
    mkdirSync(context.layout.kafka, { recursive: true })
    const config = join(context.layout.kafka, 'server.properties')
    const logging = join(context.layout.kafka, 'log4j2.properties')
    writeFileSync(config, serverProperties(context))
    writeFileSync(logging, LOG4J)
    await format(java.file, toolFolder, config, context)
    return {
      file: java.file,
      args: [
        '-Xms192m',
        '-Xmx512m',
        '-XX:+UseG1GC',
        '-XX:MaxGCPauseMillis=20',
        '-XX:MaxMetaspaceSize=160m',
        '-XX:ReservedCodeCacheSize=96m',
        '-XX:+ExitOnOutOfMemoryError',
        '-Djava.awt.headless=true',
        `-Dlog4j2.configurationFile=${logging}`,
        '-cp',
        classpathOf(toolFolder),
        'kafka.Kafka',
        config,
      ],
      env: {},
      cwd: context.layout.kafka,
    }
  },
  check: (context) => checkBroker(context.ports),
})
