import { useState } from 'react'
import { Group, SegmentedControl } from '@mantine/core'
import { IconSearch, IconUsers } from '@tabler/icons-react'
import type { User } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { userTotalOf, usersOf, type UserSearch } from '../../api/document-queries'
import { oneOf } from '../../api/search-params'
import type { Column } from '../../ui/column'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import { FilterField } from '../../ui/filter-field'
import { List } from '../../ui/list'
import { Mono, Page } from '../../ui/page'
import { MakeButton } from '../../ui/make-button'
import { Notice } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { NewUser } from './new-user'
import { useUsersTexts } from './texts'

const route = getRouteApi('/users')

export function UsersPage() {
  const shared = useTexts()
  const texts = useUsersTexts()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [making, setMaking] = useState(false)
  const query = useQuery(usersOf(search))
  const total = useQuery(userTotalOf(search))
  const columns = useColumns()
  const { q, active, cursor } = search
  const asked = { search: q, active: active && active === 'yes' }
  const filter = (change: UserSearch) =>
    void navigate({ search: (before) => ({ ...before, cursor: undefined, ...change }) })
  return (
    <Page
      title={shared.users}
      about={texts.about}
      actions={
        <>
          <CopyMenu
            call={{
              service: 'users',
              path: pathWith('/api/v1/users', asked),
              code: `ordinal.users.list(${JSON.stringify(asked)})`,
              isList: true,
            }}
            json={query.data?.data}
          />
          <MakeButton role="operator" openIn="users" label={texts.make} onClick={() => setMaking(true)} />
        </>
      }
    >
      <NewUser opened={making} onClose={() => setMaking(false)} />
      <Group gap="sm" align="flex-end">
        <FilterField
          isCompact
          width={320}
          icon={<IconSearch size={16} aria-hidden />}
          label={texts.search}
          value={q}
          onChange={(text) => filter({ q: text })}
        />
        <SegmentedControl
          aria-label={texts.state}
          data={[
            { value: 'all', label: shared.all },
            { value: 'yes', label: texts.active },
            { value: 'no', label: texts.inactive },
          ]}
          value={active ?? 'all'}
          onChange={(chosen) => filter({ active: oneOf(['yes', 'no'] as const, chosen) })}
        />
      </Group>
      <List
        label={shared.users}
        table="users"
        query={query}
        total={total.data}
        columns={columns}
        keyOf={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/users/$id', params: { id: String(id) } })}
        isFiltered={q !== undefined || active !== undefined}
        onClear={() => void navigate({ search: {} })}
        none={
          <Notice icon={<IconUsers size={28} />} title={texts.none}>
            {texts.noneHelp}
          </Notice>
        }
        cursor={cursor}
        onPage={(next) => filter({ cursor: next })}
      />
    </Page>
  )
}

function useColumns(): Column<User>[] {
  const texts = useUsersTexts()
  return [
    {
      id: 'name',
      header: texts.name,
      cell: ({ id, name }) => (
        <Link to="/users/$id" params={{ id: String(id) }} className="link">
          {name}
        </Link>
      ),
    },
    { id: 'email', header: texts.email, cell: ({ email }) => email },
    { id: 'age', header: texts.age, align: 'right', cell: ({ age }) => <Mono>{age}</Mono> },
    { id: 'state', header: texts.state, cell: ({ active }) => <ActiveBadge active={active} /> },
    { id: 'since', header: texts.since, cell: ({ created_at }) => <Time at={created_at} /> },
  ]
}

export function ActiveBadge({ active }: { active: boolean }) {
  const texts = useUsersTexts()
  return (
    <span className="state" data-state={active ? 'active' : 'inactive'}>
      {active ? texts.active : texts.inactive}
    </span>
  )
}
