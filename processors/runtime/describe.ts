/** Topologies for people: text, and mermaid for documents. Live sizes of the stores are added where they are known. */
import type { StoreSpec, Topology } from './topology.ts'

export interface StoreSize {
  readonly entries: number
  readonly bytes?: number
}

export interface DescribeOptions {
  readonly format?: 'text' | 'mermaid'
  /** By store name. */
  readonly sizes?: ReadonlyMap<string, StoreSize>
  readonly topics?: { readonly events: string; readonly results: string }
}

const specsOf = (topology: Topology): readonly StoreSpec<unknown>[] =>
  topology.stores as readonly StoreSpec<unknown>[]

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

function sizeText(size: StoreSize | undefined): string {
  if (size === undefined) return ''
  const bytes = size.bytes === undefined ? '' : `, ${(size.bytes / 1024).toFixed(1)} KiB`
  return `, ${size.entries} ${size.entries === 1 ? 'entry' : 'entries'}${bytes}`
}

export function describeTopologies(topologies: readonly Topology[], options: DescribeOptions = {}): string {
  return (options.format ?? 'text') === 'mermaid'
    ? asMermaid(topologies, options)
    : asText(topologies, options)
}

function asText(topologies: readonly Topology[], { sizes, topics }: DescribeOptions): string {
  const lines = topics ? [`reads ${topics.events}, writes ${topics.results}`] : []
  for (const topology of topologies) {
    lines.push(`${topology.name} v${topology.version}`)
    if (topology.onTimer) lines.push('  timers: yes')
    const free = [...(topology.orderFree ?? [])].sort()
    if (free.length > 0) lines.push(`  order-free: ${free.join(', ')}`)
    for (const store of specsOf(topology)) {
      const by = store.cellKey ? ' by part of the key' : ''
      lines.push(
        `  store ${store.name}: ${plural(store.cells, 'cell')}${by}, codec v${store.codec.version}${sizeText(sizes?.get(store.name))}`,
      )
    }
  }
  return lines.join('\n')
}

function asMermaid(topologies: readonly Topology[], { sizes, topics }: DescribeOptions): string {
  const id = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, '_')
  const lines = ['flowchart LR']
  const events = topics?.events ?? 'events'
  const results = topics?.results ?? 'results'
  lines.push(`  in[/"${events}"/]`, `  out[/"${results}"/]`)
  for (const topology of topologies) {
    const me = `t_${id(topology.name)}`
    lines.push(`  ${me}["${topology.name} v${topology.version}"]`, `  in --> ${me}`, `  ${me} --> out`)
    for (const store of specsOf(topology)) {
      const cells = `${plural(store.cells, 'cell')}${sizeText(sizes?.get(store.name))}`
      lines.push(`  s_${id(store.name)}[("${store.name}<br/>${cells}")]`, `  ${me} <--> s_${id(store.name)}`)
    }
  }
  return lines.join('\n')
}
