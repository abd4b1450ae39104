import { useRef, useState } from 'react'
import { Button, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { momentOf, openExport, type ExportChoice } from '../../api/audit-queries'
import type { AuditSearch } from '../../api/audit-search'
import { consoleUrl } from '../../api/config'
import { saveFile } from '../../ui/save-file'
import { Card } from '../../ui/page'
import { Failure } from '../../ui/states'
import { useNumberFormats } from '../../ui/numbers'
import { useAuditTexts } from './texts'

/** The range in view as a file. It has whole chains, so that it can be verified: what else is filtered by is not part of it. */
export function ExportCard({ search }: { search: AuditSearch }) {
  const texts = useAuditTexts()
  const { tenths } = useNumberFormats()
  const [bytes, setBytes] = useState(0)
  const stopping = useRef<AbortController>(undefined)
  const range = { prefix: search.prefix, from: momentOf(search.from), to: momentOf(search.to) }
  const saving = useMutation({
    mutationFn: async (format: ExportChoice['format']) => {
      const controller = (stopping.current = new AbortController())
      setBytes(0)
      const response = await openExport({ ...range, format }, controller.signal)
      let drawnAt = 0
      let seen = 0
      const counted = response.body!.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(piece, out) {
            seen += piece.length
            if (performance.now() - drawnAt > 500) {
              drawnAt = performance.now()
              setBytes(seen)
            }
            out.enqueue(piece)
          },
        }),
      )
      const name = ['ordinal-audit', search.prefix].filter(Boolean).join('-')
      await saveFile(`${name}.${format}`, counted)
      setBytes(seen)
    },
  })
  const others = search.number ?? search.client ?? search.site ?? search.event
  return (
    <Card title={texts.export}>
      <Text c="dimmed" mb="sm">
        {texts.exportHelp(search.prefix)} {others !== undefined && texts.exportWhole}
      </Text>
      <Group>
        {(['ndjson', 'csv'] as const).map((format) => (
          <Button
            key={format}
            variant="default"
            disabled={saving.isPending}
            onClick={() => saving.mutate(format)}
          >
            {texts.exportAs[format]}
          </Button>
        ))}
        {saving.isPending && (
          <Button variant="subtle" onClick={() => stopping.current?.abort()}>
            {texts.stop}
          </Button>
        )}
        <span role="status" className="tone-quiet">
          {(saving.isPending || saving.isSuccess) &&
            (saving.isPending ? texts.received : texts.saved)(tenths(bytes / 1e6))}
        </span>
      </Group>
      {saving.isError && !(saving.error.name === 'AbortError') && <Failure error={saving.error} />}
      <Text mt="sm">
        {texts.verifierHelp}{' '}
        <a className="link" href={new URL('verifier.html', consoleUrl).href} target="_blank" rel="noreferrer">
          {texts.openVerifier}
        </a>
        {' · '}
        <a className="link" href={new URL('verifier.html', consoleUrl).href} download="ordinal-verifier.html">
          {texts.keepVerifier}
        </a>
      </Text>
    </Card>
  )
}
