import { SegmentedControl, Select } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { filterOf } from '../../api/audit-queries'
import { eventNames, invoiceTypes, type AuditSearch } from '../../api/audit-search'
import { oneOf } from '../../api/search-params'
import { pathWith } from '../../ui/copies'
import { CopyMenu } from '../../ui/copy-menu'
import { FilterField } from '../../ui/filter-field'
import { Page } from '../../ui/page'
import { useTexts } from '../../ui/texts'
import { Entries } from './entries'
import { ExportCard } from './export-card'
import { LiveTail } from './live-tail'
import { Proof } from './proof'
import { useAuditTexts } from './texts'

const route = getRouteApi('/audit')

/** The ledger: its rows, what happens to it now, and whether it is what was written. */
export function AuditPage() {
  const shared = useTexts()
  const texts = useAuditTexts()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  // Two fields may change before the page is drawn again.
  const set = (change: AuditSearch) => void navigate({ search: (before) => ({ ...before, ...change }) })
  const clear = () => void navigate({ search: search.view ? { view: search.view } : {} })
  return (
    <Page
      title={shared.audit}
      about={texts.about}
      actions={
        <>
          <CopyMenu
            call={{
              service: 'sequencer',
              path: pathWith('/api/v1/audit', { ...filterOf(search) }),
              code: `ordinal.audit.list(${JSON.stringify(filterOf(search))})`,
              isList: true,
            }}
            json={undefined}
          />
          <SegmentedControl
            aria-label={texts.view}
            value={search.view ?? 'rows'}
            onChange={(view) => set({ view: oneOf(['live'] as const, view) })}
            data={[
              { value: 'rows', label: texts.rows },
              { value: 'live', label: texts.live },
            ]}
          />
        </>
      }
    >
      <Filters search={search} set={set} />
      {search.view === 'live' ? (
        <LiveTail key={`${search.prefix} ${search.event}`} search={search} />
      ) : (
        <Entries search={search} onClear={clear} />
      )}
      <div className="grid-wide">
        <Proof prefix={search.prefix} />
        <ExportCard search={search} />
      </div>
    </Page>
  )
}

const fields = ['number', 'prefix', 'client', 'site', 'request'] as const
const moments = ['from', 'to'] as const

function Filters({ search, set }: { search: AuditSearch; set: (change: AuditSearch) => void }) {
  const shared = useTexts()
  const texts = useAuditTexts()
  return (
    <div className="filters" role="search">
      {fields.map((name) => (
        <FilterField
          key={name}
          label={texts.fields[name]}
          value={search[name]}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
      <Select
        label={texts.event}
        clearable
        placeholder={shared.all}
        data={eventNames.map((value) => ({ value, label: shared.events[value] }))}
        value={search.event ?? null}
        onChange={(value) => set({ event: oneOf(eventNames, value) })}
      />
      <Select
        label={texts.type}
        clearable
        placeholder={shared.all}
        data={invoiceTypes.map((value) => ({ value, label: shared.invoiceTypes[value] }))}
        value={search.type ?? null}
        onChange={(value) => set({ type: oneOf(invoiceTypes, value) })}
      />
      {moments.map((name) => (
        <FilterField
          key={name}
          type="datetime-local"
          label={texts.fields[name]}
          value={search[name]}
          onChange={(value) => set({ [name]: value })}
        />
      ))}
    </div>
  )
}
