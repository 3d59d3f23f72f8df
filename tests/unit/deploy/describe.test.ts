/** describe: the drawn flow, and what it says when nothing runs. */
import { describe, expect, it } from '@jest/globals'
import { columnsOf, svgOf } from '../../../deploy/cli/describe-svg.ts'
import { bytesText, liveTasks } from '../../../deploy/cli/tasks.ts'
import { differencesOf } from '../../../deploy/cli/shadow-compare.ts'

describe('the drawn flow', () => {
  const edges = [
    ['services', 'log'],
    ['log', 'processors'],
    ['processors', 'results'],
    ['log', 'sink'],
    ['results', 'sink'],
  ] as const

  it('puts each node right of all that leads to it', () => {
    expect(columnsOf(edges)).toEqual([['services'], ['log'], ['processors'], ['results'], ['sink']])
  })

  it('ends also when the flow goes in a circle', () => {
    expect(
      columnsOf([
        ['a', 'b'],
        ['b', 'a'],
      ])
        .flat()
        .toSorted(),
    ).toEqual(['a', 'b'])
  })

  it('is one well-formed picture with every node and edge, and nothing that could run', () => {
    const svg = svgOf([...edges, ['<b> & "c"', 'log']], {
      round: new Set(['log']),
      notes: new Map([['processors', ['kpis']]]),
    })
    expect(svg.match(/<rect /g)).toHaveLength(6)
    expect(svg.match(/marker-end/g)).toHaveLength(6)
    expect(svg).toContain('&lt;b&gt; &amp; &quot;c&quot;')
    expect(svg).toContain('>kpis</text>')
    expect(svg).not.toMatch(/<script|href|<b>/)
  })
})

describe('describe without a stack', () => {
  it('says so, and that what follows is only what the code declares', async () => {
    const live = await liveTasks({ data: '/nonexistent/nikash' })
    expect(live).toMatchObject({
      process: null,
      tasks: [],
      problem: expect.stringContaining('no stack is running'),
    })
  })

  it('writes bytes for people', () => {
    expect([0, 1_023, 1_536, 5 * 1_024 ** 2].map(bytesText)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 MiB'])
  })
})

describe('what a shadow has different', () => {
  it('is listed by path, a few of many', () => {
    expect(differencesOf({ a: [{ b: '1' }], c: 2 }, { a: [{ b: '2' }], c: 2 })).toEqual([
      { path: 'a.0.b', live: '1', shadow: '2' },
    ])
    expect(differencesOf({ a: 1 }, { a: 1, b: null, c: 3 })).toEqual([{ path: 'c', live: null, shadow: 3 }])
    const many = (n: number) => Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, n]))
    expect(differencesOf(many(1), many(2))).toHaveLength(5)
  })
})
