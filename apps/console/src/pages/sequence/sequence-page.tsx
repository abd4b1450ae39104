import { Badge, Group } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { NotFoundError, type Sequence } from '@ordinal/client'
import { usePrefetchQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { sequenceOf, statusOf } from '../../api/sequence-queries'
import { ButtonLink } from '../../ui/button-link'
import { CopyMenu } from '../../ui/copy-menu'
import { DataTable } from '../../ui/data-table'
import { Count } from '../../ui/numbers'
import { Card, Figure, Mono, NeedsRole, Page } from '../../ui/page'
import { dataOf, Failure, isNotAllowed, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { useFreshNumbers } from '../../ui/use-fresh-numbers'
import { useSequencesTexts } from '../sequences/texts'
import { Draw } from './draw'
import { IssuingChart } from './issuing-chart'
import { NextNumbers } from './next-numbers'
import { useSequenceTexts } from './texts'

const route = getRouteApi('/sequences/$prefix')

/** One sequence: where it is, what comes next, and its rules. */
export function SequencePage() {
  const { prefix } = route.useParams()
  const shared = useTexts()
  const inList = useSequencesTexts()
  const query = useQuery(sequenceOf(prefix))
  const sequence = dataOf(query)
  usePrefetchQuery(statusOf(prefix))
  useFreshNumbers(prefix)
  return (
    <Page
      title={prefix}
      heading={<span className="hero-number">{prefix}</span>}
      badge={sequence && !sequence.active && <Badge color="gray">{inList.retired}</Badge>}
      about={sequence && <Mono>{sequence.template}</Mono>}
      actions={sequence && <Actions sequence={sequence} />}
    >
      {isNotAllowed(query.error) ? (
        <WithoutRules prefix={prefix} error={query.error} />
      ) : (
        <QueryState query={query} others={{ to: '/sequences', name: shared.sequences }}>
          {(found) => <Content sequence={found} />}
        </QueryState>
      )}
    </Page>
  )
}

function Actions({ sequence }: { sequence: Sequence }) {
  const texts = useSequenceTexts()
  const { prefix } = sequence
  return (
    <>
      <CopyMenu
        call={{
          service: 'sequencer',
          path: `/api/v1/sequences/${prefix}`,
          code: `ordinal.sequences.get(${JSON.stringify(prefix)})`,
        }}
        json={sequence}
      />
      <NeedsRole role="admin">
        {(allowed, whyNot) => (
          <ButtonLink
            to="/sequences/$prefix/rules"
            params={{ prefix }}
            disabled={!allowed}
            aria-describedby={whyNot}
            variant="default"
            leftSection={<IconPencil size={16} />}
          >
            {texts.editRules}
          </ButtonLink>
        )}
      </NeedsRole>
    </>
  )
}

function Content({ sequence }: { sequence: Sequence }) {
  const texts = useSequenceTexts()
  const { prefix } = sequence
  return (
    <>
      <Counter prefix={prefix} />
      <div className="grid-wide">
        <Card title={texts.nextNumbers}>
          <NextNumbers sequence={sequence} />
        </Card>
        <Draw prefix={prefix} />
      </div>
      <IssuingChart prefix={prefix} />
      <Rules sequence={sequence} />
    </>
  )
}

/** What there is for whoever may not read rules: a key that only issues, or a stranger where anyone may call. */
function WithoutRules({ prefix, error }: { prefix: string; error: unknown }) {
  const shared = useTexts()
  const status = useQuery(statusOf(prefix))
  const isMissing = status.error instanceof NotFoundError
  return (
    <>
      {status.data && (
        <>
          <Counter prefix={prefix} />
          <Draw prefix={prefix} />
        </>
      )}
      <Failure
        error={isMissing ? status.error : error}
        others={{ to: '/sequences', name: shared.sequences }}
      />
    </>
  )
}

function Counter({ prefix }: { prefix: string }) {
  const texts = useSequenceTexts()
  const status = useQuery(statusOf(prefix))
  return (
    <QueryState query={status}>
      {({ current_counter, period, gaps, reserved, values_left, closed }) => (
        <Card>
          <Group gap="xl" align="flex-start">
            <Figure label={texts.counter} value={<Count of={current_counter} />} />
            <Figure
              label={texts.period}
              value={period || texts.allTime}
              {...(closed && { unit: texts.closed })}
            />
            <div>
              <Figure label={texts.gaps} value={<Count of={gaps} />} />
              {gaps > 0 && (
                <Link to="/gaps" search={{ prefix }} className="link">
                  {texts.openGaps}
                </Link>
              )}
            </div>
            <div>
              <Figure label={texts.reserved} value={<Count of={reserved} />} />
              {reserved > 0 && (
                <Link to="/gaps" search={{ prefix }} className="link">
                  {texts.openReserved}
                </Link>
              )}
            </div>
            {values_left !== undefined && (
              <Figure
                label={texts.left}
                value={<Count of={values_left} />}
                {...(values_left === 0 && { tone: 'bad' as const })}
              />
            )}
          </Group>
        </Card>
      )}
    </QueryState>
  )
}

function Rules({ sequence }: { sequence: Sequence }) {
  const texts = useSequenceTexts()
  const inList = useSequencesTexts()
  const shared = useTexts()
  const facts: [string, string][] = [
    [inList.template, sequence.template],
    [inList.resets, inList.reset[sequence.reset]],
    [inList.policy, inList.policies[sequence.gap_policy]],
    [texts.zone, sequence.time_zone],
    [texts.start, String(sequence.start)],
    [texts.end, sequence.end === null ? texts.none : String(sequence.end)],
  ]
  return (
    <div className="grid-wide">
      <Card title={texts.rules}>
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ))}
        </dl>
      </Card>
      <Card title={texts.history}>
        <DataTable
          label={texts.history}
          rows={sequence.versions}
          keyOf={({ version }) => version}
          columns={[
            { id: 'version', header: inList.version, cell: ({ version }) => <Mono>{version}</Mono> },
            { id: 'template', header: inList.template, cell: ({ template }) => <Mono>{template}</Mono> },
            { id: 'by', header: texts.by, cell: (version) => version.created_by },
            { id: 'at', header: inList.changed, cell: (version) => <Time at={version.created_at} /> },
            { id: 'reason', header: shared.reason, cell: ({ reason }) => reason ?? '–' },
          ]}
        />
      </Card>
    </div>
  )
}
