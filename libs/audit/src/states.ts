/** What becomes of a released value: it is issued again, or it is void with its reason. */
export const gapPolicies = ['recycle', 'strict'] as const
export type GapPolicy = (typeof gapPolicies)[number]

/** What a value can be; a value without any event is unused. */
export const numberStates = ['reserved', 'issued', 'free', 'void'] as const
export type NumberState = (typeof numberStates)[number]

/**
 * What can happen to a value. `suppress` issues and releases at once; `import` takes over a number of another system,
 * and `skip` a value that it left out; `expire` is the release of a lease that has ended.
 */
export const numberEvents = [
  'issue',
  'reserve',
  'suppress',
  'confirm',
  'release',
  'expire',
  'void',
  'import',
  'skip',
] as const
export type NumberEvent = (typeof numberEvents)[number]

/**
 * What an event makes of a value.
 *
 * @param state null if the value is unused
 * @returns null if the event is not allowed. The database decides in the same way (its function `next_state`).
 */
export function nextState(
  event: NumberEvent,
  state: NumberState | null,
  gapPolicy: GapPolicy,
): NumberState | null {
  const released = gapPolicy === 'recycle' ? 'free' : 'void'
  const unheld = state === null || state === 'free'
  switch (event) {
    case 'issue':
      return unheld ? 'issued' : null
    case 'reserve':
      return unheld ? 'reserved' : null
    case 'suppress':
      return unheld ? released : null
    case 'confirm':
      return state === 'reserved' ? 'issued' : null
    case 'release':
      return state === 'issued' || state === 'reserved' ? released : null
    case 'expire':
      return state === 'reserved' ? released : null
    case 'void':
      return state === 'issued' ? 'void' : null
    case 'import':
      return state === null ? 'issued' : null
    case 'skip':
      return state === null ? 'void' : null
  }
}
