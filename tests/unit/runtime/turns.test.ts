import { describe, expect, it } from '@jest/globals'
import { Turns } from '../../../processors/runtime/turns.ts'

describe('turns', () => {
  it('let one slice run per turn of the event loop, first come first served, and the first one at once', async () => {
    const turns = new Turns()
    const ran: string[] = []
    let turn = 0
    let counting = true
    const count = (): void => {
      turn++
      if (counting) setImmediate(count)
    }
    setImmediate(count)
    const worker = async (name: string): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await turns.next()
        ran.push(`${name}@${turn}`)
      }
    }
    expect(new Turns().next()).toBeUndefined()
    await Promise.all(['a', 'b', 'c'].map(worker))
    counting = false
    expect(ran.map((text) => text[0]).join('')).toBe('abcabcabc')
    expect(new Set(ran.map((text) => text.split('@')[1])).size).toBe(9)
  })
})
