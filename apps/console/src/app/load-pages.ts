import { router } from './router'

// Loaded when they are asked for, too.
const parts = [
  () => import('../ui/sign-in-dialog'),
  () => import('./keyboard-help'),
  () => import('../ui/charts'),
]

/**
 * Loads the code of all pages, piece by piece while the browser has nothing else to do: the console works on while the
 * sequencer, which serves it, is away. What does not come is asked for again when it is opened.
 */
export async function loadPages(): Promise<void> {
  const pages = Object.values(router.routesById).map(({ options }) => options.component?.preload)
  for (const load of [...pages, ...parts]) {
    await idle()
    // Not one after the other while nothing comes: some browsers keep what has failed (whatwg/html#6768).
    await Promise.resolve(load?.()).catch(() => pause(30_000))
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

// Safari does not tell when it is idle.
const idle = () =>
  new Promise<void>((resolve) =>
    typeof requestIdleCallback === 'function'
      ? requestIdleCallback(() => resolve())
      : setTimeout(resolve, 200),
  )
