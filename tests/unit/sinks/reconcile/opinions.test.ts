import { describe, expect, it } from '@jest/globals'
import { compareOpinions, type Opinion, plainDecimal } from '../../../../sinks/reconcile/opinions.ts'

const opinion = (store: Opinion['store'], figures: Record<string, string>): Opinion => ({
  store,
  figures: new Map(Object.entries(figures)),
})

describe('plainDecimal', () => {
  it.each([
    ['1250.00', '1250'],
    ['1250.0100', '1250.01'],
    ['100', '100'],
    ['-0.00', '0'],
    ['0', '0'],
    ['-12.50', '-12.5'],
  ])('reads %s as %s', (text, plain) => {
    expect(plainDecimal(text)).toBe(plain)
  })
})

describe('the comparison of stores', () => {
  it('is silent when all say the same in other words', () => {
    const same = [
      opinion('stream', { total: '1250.00', settled: '0.00' }),
      opinion('redis', { total: '1250.0000', settled: '0' }),
      opinion('clickhouse', { total: '1250' }),
    ]
    expect(compareOpinions(same)).toEqual([])
  })

  it.each(['stream', 'redis', 'clickhouse'] as const)('names %s when it is a poisha off', (odd) => {
    const stores = (['stream', 'redis', 'clickhouse'] as const).map((store) =>
      opinion(store, { total: store === odd ? '1250.01' : '1250.00', other: '7' }),
    )
    expect(compareOpinions(stores)).toEqual([
      {
        figure: 'total',
        said: { stream: '1250', redis: '1250', clickhouse: '1250', [odd]: '1250.01' },
        odd: [odd],
      },
    ])
  })

  it('names all where nobody has the most voices', () => {
    const [found] = compareOpinions([opinion('event_store', { a: '1' }), opinion('clickhouse', { a: '2' })])
    expect(found?.odd).toEqual(['event_store', 'clickhouse'])
  })

  it('counts a figure that is missing as 0', () => {
    const [found] = compareOpinions([
      opinion('stream', { a: '1' }),
      opinion('redis', {}),
      opinion('clickhouse', { a: '1' }),
    ])
    expect(found).toEqual({ figure: 'a', said: { stream: '1', redis: '0', clickhouse: '1' }, odd: ['redis'] })
  })
})
