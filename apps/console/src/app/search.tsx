import { useState } from 'react'
import { Spotlight, spotlight } from '@mantine/spotlight'
import { IconArrowRight, IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useTexts } from '../ui/texts'
import { navigation } from './navigation'
import { targetsFor } from './search-targets'

export const openSearch = () => spotlight.open()

/** Cmd-K or Ctrl-K: pages, and whatever the text that was typed may be. */
export function Search() {
  const texts = useTexts()
  const navigate = useNavigate()
  const [query, setQuery] = useState('')
  const wanted = query.trim().toLowerCase()
  const pages = navigation.filter(({ text }) => texts[text].toLowerCase().includes(wanted))
  const targets = targetsFor(query.trim(), texts)
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={['mod + K', '/']} maxHeight={420}>
      <Spotlight.Search
        placeholder={texts.searchHint}
        aria-label={texts.search}
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList aria-label={texts.search}>
        {targets.map(({ label, to }) => (
          <Spotlight.Action
            key={label}
            label={label}
            leftSection={<IconArrowRight size={18} aria-hidden />}
            onClick={() => void navigate({ to })}
          />
        ))}
        {pages.map(({ to, text, icon: Icon }) => (
          <Spotlight.Action
            key={to}
            label={texts[text]}
            leftSection={<Icon size={18} aria-hidden />}
            onClick={() => void navigate({ to })}
          />
        ))}
        {pages.length + targets.length === 0 && <Spotlight.Empty>{texts.nothingFound}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}
