import { useRef, useState } from 'react'
import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { IconFileImport, IconMapOff } from '@tabler/icons-react'
import type { ImportReport } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { FileChangedError, importFile, isUnchanged } from '../../api/import-file'
import { sequencesOf } from '../../api/sequence-queries'
import { ButtonLink } from '../../ui/button-link'
import { useChange } from '../../ui/mutate'
import { Card, NeedsRole, Page } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { ReasonDialog } from '../../ui/reason-dialog'
import { Notice, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { ImportFields, type Choices } from './import-fields'
import { Report } from './report'
import { useImportsTexts } from './texts'

const route = getRouteApi('/imports')

/** Numbers of another system: tried first, which writes nothing, and then imported. */
export function ImportsPage() {
  const shared = useTexts()
  const texts = useImportsTexts()
  const { prefix } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(sequencesOf(true))
  return (
    <Page title={shared.imports} about={texts.about}>
      <QueryState query={query}>
        {({ data, pagination }) => {
          if (data.length === 0)
            return (
              <Notice icon={<IconFileImport size={28} />} title={texts.none}>
                {texts.noneHelp}
              </Notice>
            )
          if (prefix !== undefined && !mayBeIn(prefix, data, pagination.total))
            return (
              <Notice
                icon={<IconMapOff size={28} />}
                title={texts.unknown(prefix)}
                action={<ButtonLink to="/imports">{texts.chooseAnother}</ButtonLink>}
              >
                {texts.unknownHelp}
              </Notice>
            )
          return (
            <Import
              prefixes={data.map((sequence) => sequence.prefix)}
              prefix={prefix ?? data[0]!.prefix}
              onPrefix={(chosen) => void navigate({ search: { prefix: chosen } })}
            />
          )
        }}
      </QueryState>
    </Page>
  )
}

/** Whether a sequence is among those that were read, or may be one of those beyond them. */
const mayBeIn = (prefix: string, read: readonly { prefix: string }[], total: number) =>
  read.length < total || read.some((sequence) => sequence.prefix === prefix)

interface ImportProps {
  prefixes: readonly string[]
  prefix: string
  onPrefix: (prefix: string) => void
}

function Import({ prefixes, prefix, onPrefix }: ImportProps) {
  const texts = useImportsTexts()
  const [choices, setChoices] = useState<Choices>({
    file: null,
    maxHole: 0,
    dateFormat: 'yyyy-mm-dd',
    columns: '',
    strict: false,
  })
  /** The report of the dry run of exactly this file with these choices. */
  const [tried, setTried] = useState<ImportReport>()
  const [asking, setAsking] = useState(false)
  const [hasChanged, setHasChanged] = useState(false)
  const [part, setPart] = useState(0)
  const under = useRef<AbortController>(undefined)
  const { file } = choices

  const run = useChange({
    run: ({ dryRun }: { dryRun: boolean }) => {
      setPart(0)
      setAsking(false)
      under.current = new AbortController()
      const { maxHole, dateFormat, columns, strict } = choices
      return importFile({
        prefix,
        file: file!,
        options: {
          max_hole: maxHole,
          dry_run: dryRun,
          date_format: dateFormat,
          strict,
          ...(columns.trim() && { columns: columns.trim() }),
        },
        signal: under.current.signal,
        onProgress: setPart,
      })
    },
    changes: ['numbers', 'sequences'],
    onDone: (report) => setTried(report.dry_run ? report : undefined),
  })
  const change = (next: Partial<Choices>) => {
    setChoices({ ...choices, ...next })
    setTried(undefined)
    setHasChanged(false)
    run.reset()
  }
  /** Before it is imported: a file that was changed since it was tried is chosen again first. */
  const ask = async () => {
    if (await isUnchanged(file!)) setAsking(true)
    else setHasChanged(true)
  }
  const mayImport = tried !== undefined && tried.imported + tried.skipped > 0 && tried.stopped === null
  return (
    <>
      <Card title={texts.what}>
        <Stack>
          <ImportFields
            prefixes={prefixes}
            prefix={prefix}
            choices={choices}
            disabled={run.isPending}
            onPrefix={(chosen) => {
              change({})
              onPrefix(chosen)
            }}
            onChange={change}
          />
          <NeedsRole role="admin" saysWhy>
            {(allowed, whyNot) => (
              <Group gap="sm">
                <Button
                  variant={mayImport ? 'default' : 'filled'}
                  disabled={!allowed || !file || run.isPending}
                  aria-describedby={whyNot}
                  onClick={() => run.mutate({ dryRun: true })}
                >
                  {texts.tryIt}
                </Button>
                <Button
                  disabled={!allowed || !mayImport || run.isPending}
                  aria-describedby={whyNot}
                  onClick={() => void ask()}
                >
                  {texts.import}
                </Button>
                <Text c="dimmed" size="sm">
                  {mayImport ? '' : tried ? '' : file ? texts.importFirst : texts.tryHelp}
                </Text>
              </Group>
            )}
          </NeedsRole>
          {run.isPending && (
            <UnderWay part={part} onStop={() => under.current?.abort(new Error(texts.stopped))} />
          )}
          <FormError
            error={
              hasChanged || run.error instanceof FileChangedError ? new Error(texts.fileChanged) : run.error
            }
          />
        </Stack>
      </Card>
      {run.data && <Report report={run.data} />}
      {tried && (
        <ReasonDialog
          opened={asking}
          title={texts.importTitle(file?.name ?? '', prefix)}
          consequence={texts.importWill(tried.imported, tried.skipped)}
          action={texts.import}
          asksReason={false}
          dangerous
          error={undefined}
          isPending={run.isPending}
          onClose={() => setAsking(false)}
          onConfirm={() => run.mutate({ dryRun: false })}
        />
      )}
    </>
  )
}

function UnderWay({ part, onStop }: { part: number; onStop: () => void }) {
  const texts = useImportsTexts()
  const text = part < 1 ? texts.sending(`${Math.floor(part * 100)} %`) : texts.finishing
  return (
    <Group gap="sm" wrap="nowrap">
      <Stack gap={4} flex={1}>
        <Progress value={part * 100} animated={part >= 1} aria-label={texts.report} />
        <Text size="sm" c="dimmed" role="status">
          {text}
        </Text>
      </Stack>
      <Button variant="default" size="xs" onClick={onStop}>
        {texts.stop}
      </Button>
    </Group>
  )
}
