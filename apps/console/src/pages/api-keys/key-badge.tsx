import type { ApiKey } from '@ordinal/client'
import { useApiKeysTexts } from './texts'

export function KeyBadge({ state }: { state: ApiKey['state'] }) {
  const texts = useApiKeysTexts()
  return (
    <span className="state" data-state={state}>
      {texts.states[state]}
    </span>
  )
}
