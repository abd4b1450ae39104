import { useTexts } from '../ui/texts'

/** The keys that open the search, as this keyboard has them. */
export function useSearchKeys(): string {
  const { control } = useTexts()
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ K' : `${control} K`
}
