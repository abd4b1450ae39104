import { setTimeout as delay } from 'node:timers/promises'

const pauseMs = 1000

/**
 * What is in a list, and then what comes into it, as seen by a look each second. What leaves it and comes again is given again.
 *
 * @param read reads the list; it is bounded, since all of it is remembered until the next look
 * @param keyOf tells one item from another
 */
export async function* asTheyCome<Item>(
  read: () => AsyncIterable<Item> | Promise<AsyncIterable<Item>>,
  keyOf: (item: Item) => string,
): AsyncGenerator<Item, never, undefined> {
  for (let known = new Set<string>(); ; await delay(pauseMs)) {
    const seen = new Set<string>()
    for await (const item of await read()) {
      const key = keyOf(item)
      seen.add(key)
      if (!known.has(key)) yield item
    }
    known = seen
  }
}
