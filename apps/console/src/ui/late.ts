import { lazy, type ComponentType } from 'react'

const againMs = 2_000

/**
 * A component whose code is loaded after the page. The code is asked for again until it comes: while the sequencer, which
 * serves it, is away, the page stays as it is. Browsers that keep a failed import (whatwg/html#6768) need the page loaded
 * anew.
 */
export const late = <Props>(load: () => Promise<ComponentType<Props>>) =>
  lazy(async () => ({ default: await untilLoaded(load) }))

async function untilLoaded<Code>(load: () => Promise<Code>): Promise<Code> {
  for (;;) {
    try {
      return await load()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, againMs))
    }
  }
}
