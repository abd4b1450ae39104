import type { CollectedSpan } from '@ordinal/testing'

const rowPx = 22
const namesPx = 260
const barsPx = 560
const headPx = 66
const indentPx = 14
const [ink, faint] = ['#24292f', '#d0d7de']
const colours = ['#0969da', '#8250df', '#1a7f37', '#bc4c00']

/** A picture of a trace: a row for each span, below the one that it is a part of, with the time that it took. */
export function drawTrace(spans: readonly CollectedSpan[], title: string): string {
  const rows = inOrder(spans)
  const [from, to] = [
    Math.min(...spans.map(({ startMs }) => startMs)),
    Math.max(...spans.map(({ endMs }) => endMs)),
  ]
  const services = [...new Set(rows.map(({ span }) => serviceOf(span)))]
  const colourOf = (span: CollectedSpan) => colours[services.indexOf(serviceOf(span)) % colours.length]!
  const x = (ms: number) => namesPx + ((ms - from) / (to - from)) * barsPx
  const [width, height] = [namesPx + barsPx + 80, headPx + rows.length * rowPx + 12]

  const drawn = rows.map(({ span, depth }, nth) => {
    const y = headPx + nth * rowPx
    const [left, right] = [x(span.startMs), x(span.endMs)]
    const barPx = Math.max(2, right - left)
    const ms = span.endMs - span.startMs
    return [
      `<text x="${14 + depth * indentPx}" y="${y + 14}">${escaped(span.name)}</text>`,
      `<rect x="${px(left)}" y="${y + 4}" width="${px(barPx)}" height="12" rx="2" fill="${colourOf(span)}"/>`,
      `<text x="${px(left + barPx + 5)}" y="${y + 14}" fill="#57606a">${ms.toFixed(1)} ms</text>`,
    ].join('')
  })
  const legend = services.map(
    (service, nth) =>
      `<rect x="${namesPx + nth * 130}" y="38" width="12" height="12" rx="2" fill="${colours[nth % colours.length]}"/>` +
      `<text x="${namesPx + nth * 130 + 18}" y="48">${escaped(service)}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="14" y="24" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...legend,
    `<line x1="${namesPx}" y1="${headPx - 4}" x2="${namesPx}" y2="${height - 8}" stroke="${faint}"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

/** The spans as a tree is read: each followed by its parts, in the order of their beginnings. */
function inOrder(spans: readonly CollectedSpan[]) {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const byStart = spans.toSorted((a, b) => a.startMs - b.startMs)
  const below = (span: CollectedSpan, depth: number): { span: CollectedSpan; depth: number }[] => [
    { span, depth },
    ...byStart
      .filter(({ parentSpanId }) => parentSpanId === span.spanId)
      .flatMap((part) => below(part, depth + 1)),
  ]
  return byStart.filter(({ parentSpanId }) => !ids.has(parentSpanId)).flatMap((span) => below(span, 0))
}

const serviceOf = ({ resource }: CollectedSpan) => String(resource['service.name'])
const px = (length: number) => length.toFixed(1)
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
