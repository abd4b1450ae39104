import { Badge, Group, TextInput } from '@mantine/core'
import { IconPlus, IconSearch, IconStack2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { sequencesOf } from '../../api/sequence-queries'
import { ButtonLink } from '../../ui/button-link'
import { CopyMenu } from '../../ui/copy-menu'
import type { Column } from '../../ui/column'
import { List } from '../../ui/list'
import { Mono, NeedsRole, Page } from '../../ui/page'
import { Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { useSequencesTexts } from './texts'
import type { Sequence } from '@ordinal/client'

const route = getRouteApi('/sequences')
type Row = Omit<Sequence, 'versions'>

export function SequencesPage() {
  const shared = useTexts()
  const texts = useSequencesTexts()
  const { q = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(sequencesOf(undefined))
  const wanted = q.toLowerCase()
  const columns: Column<Row>[] = [
    {
      id: 'prefix',
      header: texts.prefix,
      cell: ({ prefix, active }) => (
        <Group gap="xs" wrap="nowrap">
          <Link to="/sequences/$prefix" params={{ prefix }} className="link mono">
            {prefix}
          </Link>
          {!active && <Badge color="gray">{texts.retired}</Badge>}
        </Group>
      ),
    },
    { id: 'template', header: texts.template, cell: ({ template }) => <Mono>{template}</Mono> },
    { id: 'reset', header: texts.resets, cell: ({ reset }) => texts.reset[reset] },
    { id: 'policy', header: texts.policy, cell: (row) => texts.policies[row.gap_policy] },
    { id: 'version', header: texts.version, align: 'right', cell: ({ version }) => <Mono>{version}</Mono> },
    { id: 'changed', header: texts.changed, cell: (row) => <Time at={row.created_at} /> },
  ]
  return (
    <Page
      title={shared.sequences}
      about={texts.about}
      actions={
        <>
          <CopyMenu
            call={{
              service: 'sequencer',
              path: '/api/v1/sequences',
              code: 'ordinal.sequences.list()',
              isList: true,
            }}
            json={query.data?.data}
          />
          <NeedsRole role="admin">
            {(allowed, whyNot) => (
              <ButtonLink
                to="/sequences/new"
                disabled={!allowed}
                aria-describedby={whyNot}
                leftSection={<IconPlus size={16} />}
              >
                {texts.make}
              </ButtonLink>
            )}
          </NeedsRole>
        </>
      }
    >
      <TextInput
        aria-label={texts.search}
        placeholder={texts.search}
        leftSection={<IconSearch size={16} aria-hidden />}
        maw={360}
        value={q}
        onChange={(event) => {
          const text = event.currentTarget.value
          void navigate({ search: text ? { q: text } : {}, replace: true })
        }}
      />
      <List
        label={shared.sequences}
        table="sequences"
        query={query}
        only={({ prefix, template }) => `${prefix} ${template}`.toLowerCase().includes(wanted)}
        total={query.data?.pagination.total}
        columns={columns}
        keyOf={({ prefix }) => prefix}
        onOpen={({ prefix }) => void navigate({ to: '/sequences/$prefix', params: { prefix } })}
        isFiltered={wanted !== ''}
        onClear={() => void navigate({ search: {} })}
        none={
          <Notice icon={<IconStack2 size={28} />} title={texts.none}>
            {texts.noneHelp}
          </Notice>
        }
      />
    </Page>
  )
}
