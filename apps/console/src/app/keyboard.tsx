import { Suspense, useEffect, useState } from 'react'
import { late } from '../ui/late'
import { isTyping } from '../ui/typed'
import { useSearchKeys } from './search-keys'

const KeyboardHelp = late(() => import('./keyboard-help').then(({ KeyboardHelp }) => KeyboardHelp))

/** Keys that are heard wherever nobody types: `?` for help, `j` and `k` to the rows of the page, Esc out of them. */
export function Keyboard() {
  const [helps, setHelps] = useState(false)
  const searchKeys = useSearchKeys()
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const at = document.activeElement
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(at)) return
      if (event.key === '?') setHelps(true)
      // In a table the row itself hears them.
      else if ((event.key === 'j' || event.key === 'k') && !at?.closest('tr, [role="dialog"]'))
        toRows(event.key)
      else if (event.key === 'Escape' && at instanceof HTMLElement && at.closest('tr')) at.blur()
    }
    addEventListener('keydown', hear)
    return () => removeEventListener('keydown', hear)
  }, [])
  return (
    <Suspense>{helps && <KeyboardHelp searchKeys={searchKeys} onClose={() => setHelps(false)} />}</Suspense>
  )
}

function toRows(key: 'j' | 'k'): void {
  const rows = [...document.querySelectorAll<HTMLElement>('#content tbody tr[tabindex="0"]')]
  rows.at(key === 'j' ? 0 : -1)?.focus()
}
