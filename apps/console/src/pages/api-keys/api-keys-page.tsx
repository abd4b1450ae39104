import { useState } from 'react'
import { SegmentedControl } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import type { ApiKey } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { apiKeysOf } from '../../api/operation-queries'
import { oneOf } from '../../api/search-params'
import type { Column } from '../../ui/column'
import { GrowingList } from '../../ui/growing-list'
import { Card, Mono, Page } from '../../ui/page'
import { MakeButton } from '../../ui/make-button'
import { Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { KeyBadge } from './key-badge'
import { NewKey } from './new-key'
import { useApiKeysTexts } from './texts'

const route = getRouteApi('/api-keys')
const pieceSize = 50

export function ApiKeysPage() {
  const shared = useTexts()
  const texts = useApiKeysTexts()
  const navigate = route.useNavigate()
  const search = route.useSearch()
  const { active, count = pieceSize } = search
  const [making, setMaking] = useState(false)
  const query = useQuery(apiKeysOf(active && active === 'yes', count))
  const columns = useColumns()
  return (
    <Page
      title={shared.apiKeys}
      about={texts.about}
      actions={<MakeButton role="admin" label={texts.make} onClick={() => setMaking(true)} />}
    >
      <NewKey opened={making} onClose={() => setMaking(false)} />
      <div>
        <SegmentedControl
          aria-label={texts.state}
          data={[
            { value: 'all', label: shared.all },
            { value: 'yes', label: texts.active },
            { value: 'no', label: texts.ended },
          ]}
          value={active ?? 'all'}
          onChange={(chosen) =>
            void navigate({ search: { active: oneOf(['yes', 'no'] as const, chosen) } as typeof search })
          }
        />
      </div>
      <GrowingList
        query={query}
        label={shared.apiKeys}
        keyOf={({ id }) => id}
        columns={columns}
        onOpen={({ id }) => void navigate({ to: '/api-keys/$id', params: { id } })}
        onMore={() => void navigate({ search: { ...search, count: count + pieceSize } })}
        isFiltered={active !== undefined}
        onClear={() => void navigate({ search: {} })}
        none={
          <Notice icon={<IconKey size={28} />} title={texts.none}>
            {texts.noneHelp}
          </Notice>
        }
        frame={(table) => <Card>{table}</Card>}
      />
    </Page>
  )
}

function useColumns(): Column<ApiKey>[] {
  const texts = useApiKeysTexts()
  return [
    {
      id: 'name',
      header: texts.name,
      cell: ({ id, name }) => (
        <Link to="/api-keys/$id" params={{ id }} className="link">
          {name}
        </Link>
      ),
    },
    { id: 'id', header: texts.id, cell: ({ id }) => <Mono>{id}</Mono> },
    { id: 'state', header: texts.state, cell: ({ state }) => <KeyBadge state={state} /> },
    {
      id: 'scopes',
      header: texts.scopes,
      cell: ({ scopes }) => (scopes ? <Mono>{scopes.join(', ')}</Mono> : texts.noScopes),
    },
    {
      id: 'expires',
      header: texts.expires,
      cell: ({ expires_at }) => (expires_at ? <Time at={expires_at} /> : texts.neverEnds),
    },
    {
      id: 'use',
      header: texts.lastUse,
      cell: ({ last_used_at }) => (last_used_at ? <Time at={last_used_at} /> : texts.never),
    },
  ]
}
