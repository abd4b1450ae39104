import type { useTexts } from '../ui/texts'

interface Target {
  label: string
  to: string
  search?: Record<string, string>
}

// As the services take and make them; shorter ones are hardly meant.
const requestId = /^[A-Za-z0-9._:/+=@-]{8,128}$/

/** Where a text that was typed may lead, besides pages by their name. */
export function targetsFor(text: string, texts: ReturnType<typeof useTexts>): Target[] {
  if (text === '') return []
  const encoded = encodeURIComponent(text)
  return [
    // A number has a digit.
    ...(/\d/.test(text) ? [{ label: texts.goToNumber(text), to: `/numbers/${encoded}` }] : []),
    ...(/^[\w.-]{1,32}$/.test(text)
      ? [{ label: texts.goToSequence(text), to: `/sequences/${encoded}` }]
      : []),
    ...(requestId.test(text)
      ? [{ label: texts.goToRequest(text), to: '/audit', search: { request: text } }]
      : []),
  ]
}
