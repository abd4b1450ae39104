import { Alert, Stack, Text } from '@mantine/core'
import type { ImportReport } from '@ordinal/client'
import { DataTable } from '../../ui/data-table'
import { Count, useNumberFormats } from '../../ui/numbers'
import { Card, Figure, Mono } from '../../ui/page'
import { useImportsTexts } from './texts'

/** What an import has done, or would do. */
export function Report({ report }: { report: ImportReport }) {
  const texts = useImportsTexts()
  const formats = useNumberFormats()
  const { dry_run, rows, imported, already_there, skipped, refused, periods, stopped } = report
  return (
    <Card title={dry_run ? texts.dryReport : texts.report}>
      <Stack>
        <Text className={report.complete ? 'tone-ok' : 'tone-bad'} role="status">
          {report.complete ? texts.complete : texts.incomplete}
        </Text>
        {stopped && (
          <Alert color="red" role="alert">
            <span className="mono">{stopped.code}</span> {stopped.detail}
          </Alert>
        )}
        <div className="grid-cards">
          <Figure label={texts.rows} value={<Count of={rows} />} />
          <Figure label={dry_run ? texts.wouldImport : texts.imported} value={<Count of={imported} />} />
          <Figure label={texts.already} value={<Count of={already_there} />} />
          <Figure
            label={texts.skipped}
            value={<Count of={skipped} />}
            tone={skipped > 0 ? 'warn' : undefined}
          />
          <Figure
            label={texts.refused}
            value={<Count of={refused.total} />}
            tone={refused.total > 0 ? 'bad' : undefined}
          />
        </div>
        {report.ignored_columns.length > 0 && (
          <Text>
            {texts.ignored}: <Mono>{report.ignored_columns.join(', ')}</Mono>
          </Text>
        )}
        {refused.total > 0 && (
          <section aria-label={texts.refusals}>
            <h3>{texts.refusals}</h3>
            <DataTable
              label={texts.refusals}
              rows={refused.shown}
              keyOf={({ line, number }) => `${line} ${number}`}
              columns={[
                { id: 'line', header: texts.line, align: 'right', cell: ({ line }) => formats.count(line) },
                { id: 'number', header: texts.number, cell: ({ number }) => <Mono>{number}</Mono> },
                { id: 'why', header: texts.why, cell: ({ reason }) => reason },
              ]}
              footer={
                refused.shown.length < refused.total && (
                  <p className="tone-quiet count">
                    {texts.firstOf(formats.count(refused.shown.length), formats.count(refused.total))}
                  </p>
                )
              }
            />
          </section>
        )}
        {periods.length > 0 && (
          <section aria-label={texts.periods}>
            <h3>{texts.periods}</h3>
            <DataTable
              label={texts.periods}
              rows={periods}
              keyOf={({ period }) => period}
              columns={[
                { id: 'period', header: texts.period, cell: ({ period }) => <Mono>{period}</Mono> },
                {
                  id: 'imported',
                  header: dry_run ? texts.wouldImport : texts.imported,
                  align: 'right',
                  cell: (row) => formats.count(row.imported),
                },
                {
                  id: 'skipped',
                  header: texts.skipped,
                  align: 'right',
                  cell: (row) => formats.count(row.skipped),
                },
                {
                  id: 'counter',
                  header: texts.counter,
                  align: 'right',
                  cell: (row) => formats.count(row.current_counter),
                },
              ]}
            />
          </section>
        )}
      </Stack>
    </Card>
  )
}
