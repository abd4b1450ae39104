import { useRef, useState } from 'react'
import { Button, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { filterOf, momentOf, openExport, type ExportChoice } from '../../api/audit-queries'
import { rowsAsFile } from '../../api/audit-rows'
import type { AuditSearch } from '../../api/audit-search'
import { consoleUrl } from '../../api/config'
import { chooseFile, FileTooLargeError, mostInMemory, writesAsItArrives } from '../../ui/save-file'
import { Card, NeedsRole } from '../../ui/page'
import { Failure } from '../../ui/states'
import { useNumberFormats } from '../../ui/numbers'
import { useAuditTexts } from './texts'

/** What is in view as a file: whole chains, which can be verified, or the rows that fit the filters. */
export function ExportCard({ search }: { search: AuditSearch }) {
  const texts = useAuditTexts()
  const { tenths } = useNumberFormats()
  const [bytes, setBytes] = useState(0)
  const stopping = useRef<AbortController>(undefined)
  const { view: _, prefix, from, to, ...narrower } = search
  const isWhole = Object.keys(narrower).length === 0
  const saving = useMutation({
    mutationFn: async (format: ExportChoice['format']) => {
      const { signal } = (stopping.current = new AbortController())
      setBytes(0)
      const name = [isWhole ? 'ordinal-audit' : 'ordinal-audit-rows', prefix].filter(Boolean).join('-')
      const file = await chooseFile(`${name}.${format}`)
      const range = { prefix, from: momentOf(from), to: momentOf(to) }
      const content = isWhole
        ? (await openExport({ ...range, format }, signal)).body!
        : rowsAsFile(filterOf(search), format, signal)
      await file.write(content.pipeThrough(counting(setBytes)), signal)
    },
  })
  return (
    <Card title={texts.export}>
      <Text c="dimmed" mb="sm">
        {isWhole ? texts.exportHelp(prefix) : texts.exportRows}{' '}
        {!writesAsItArrives() && texts.exportInMemory(tenths(mostInMemory / 1e6))}
      </Text>
      <Group>
        <NeedsRole role="viewer" openIn="sequencer">
          {(allowed, whyNot) =>
            (['ndjson', 'csv'] as const).map((format) => (
              <Button
                key={format}
                variant="default"
                disabled={!allowed || saving.isPending}
                aria-describedby={whyNot}
                onClick={() => saving.mutate(format)}
              >
                {(isWhole ? texts.exportAs : texts.rowsAs)[format]}
              </Button>
            ))
          }
        </NeedsRole>
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
      {saving.isError && saving.error.name !== 'AbortError' && (
        <Failure
          error={saving.error instanceof FileTooLargeError ? new Error(texts.exportTooLarge) : saving.error}
        />
      )}
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

/** Passes bytes on, and tells how many they are: twice a second, and at the end. */
function counting(onProgress: (bytes: number) => void) {
  let drawnAt = 0
  let seen = 0
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, out) {
      seen += piece.length
      if (performance.now() - drawnAt > 500) {
        drawnAt = performance.now()
        onProgress(seen)
      }
      out.enqueue(piece)
    },
    flush: () => onProgress(seen),
  })
}
