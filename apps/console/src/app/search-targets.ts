import type { useTexts } from '../ui/texts'

/** Where a text that was typed may lead, besides pages by their name. */
export function targetsFor(
  text: string,
  texts: ReturnType<typeof useTexts>,
): { label: string; to: string }[] {
  if (text === '') return []
  const encoded = encodeURIComponent(text)
  return [
    // A number has a digit.
    ...(/\d/.test(text) ? [{ label: texts.goToNumber(text), to: `/numbers/${encoded}` }] : []),
    ...(/^[\w.-]{1,32}$/.test(text)
      ? [{ label: texts.goToSequence(text), to: `/sequences/${encoded}` }]
      : []),
  ]
}
