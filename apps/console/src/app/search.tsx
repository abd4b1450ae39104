import { useState } from 'react'
import { useDebouncedValue } from '@mantine/hooks'
import { createSpotlight, Spotlight } from '@mantine/spotlight'
import { IconArrowRight, IconSearch } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { find } from '../api/find'
import { useSession } from '../api/session'
import { useTexts } from '../ui/texts'
import { insert } from '../ui/typed'
import { navigation } from './navigation'
import { takeTyped } from './open-search'
import { targetsFor } from './search-targets'

const [store, spotlight] = createSpotlight()

export function showSearch(): void {
  if (store.getState().opened) takeTyped()
  else spotlight.open()
}

/** Pages, and whatever the text that was typed may be. */
export function Search() {
  const texts = useTexts()
  const navigate = useNavigate()
  const [query, setQuery] = useState('')
  const wanted = query.trim().toLowerCase()
  const pages = navigation.filter(({ text }) => texts[text].toLowerCase().includes(wanted))
  const found = useFound(query.trim())
  const targets = [
    ...found.map(({ kind, name, to }) => ({ label: texts.goTo[kind](name), to, search: {} })),
    ...targetsFor(query.trim(), texts),
  ]
  return (
    <Spotlight.Root store={store} query={query} onQueryChange={setQuery} shortcut={null} maxHeight={420}>
      <Spotlight.Search
        onFocus={({ currentTarget }) => insert(currentTarget, takeTyped())}
        placeholder={texts.searchHint}
        aria-label={texts.search}
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList aria-label={texts.search}>
        {pages.map(({ to, text, icon: Icon }) => (
          <Spotlight.Action
            key={to}
            label={texts[text]}
            leftSection={<Icon size={18} aria-hidden />}
            onClick={() => void navigate({ to })}
          />
        ))}
        {targets.map(({ label, to, search }) => (
          <Spotlight.Action
            key={label}
            label={label}
            leftSection={<IconArrowRight size={18} aria-hidden />}
            onClick={() => void navigate({ to, search })}
          />
        ))}
        {pages.length + targets.length === 0 && <Spotlight.Empty>{texts.nothingFound}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

/** What the services know by a text, once a person has stopped typing. */
function useFound(text: string) {
  const [asked] = useDebouncedValue(text, 200)
  const isSignedIn = useSession() !== undefined
  const isWanted = isSignedIn && asked.length >= 2
  const { data } = useQuery({
    queryKey: ['found', asked],
    queryFn: ({ signal }) => find(asked, signal),
    enabled: isWanted,
    placeholderData: keepPreviousData,
  })
  return isWanted && text.length >= 2 ? (data ?? []) : []
}
