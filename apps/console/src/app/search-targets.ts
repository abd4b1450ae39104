import type { useTexts } from '../ui/texts'

/** Where a text that was typed may lead, besides pages by their name: a number, a sequence, an order. */
export function targetsFor(
  _text: string,
  _texts: ReturnType<typeof useTexts>,
): { label: string; to: string }[] {
  return []
}
