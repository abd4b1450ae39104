import { Suspense, useEffect, useState, type MouseEvent } from 'react'
import {
  ActionIcon,
  Alert,
  AppShell,
  Burger,
  Button,
  Group,
  Kbd,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import { Link, Outlet } from '@tanstack/react-router'
import { consoleUrl } from '../api/config'
import { refreshToken, useSession } from '../api/session'
import { late } from '../ui/late'
import { useSignIn } from '../ui/sign-in'
import { useTexts } from '../ui/texts'
import { Keyboard } from './keyboard'
import { Account, Settings } from './late-menus'
import { navigation } from './navigation'
import { goOnFromEarlyKeys, openSearch } from './open-search'
import { useSearchKeys } from './search-keys'

// Loaded after the page: what it needs is not part of the first load.
const Search = late(() => import('./search').then(({ Search }) => Search))

/** What is around every page: the menu, the search, and who is signed in. */
export function Shell() {
  const texts = useTexts()
  const [opened, { toggle, close }] = useDisclosure(false)
  useHotkeys([
    ['mod + K', () => void openSearch()],
    ['/', () => void openSearch()],
  ])
  useEffect(goOnFromEarlyKeys, [])
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a href="#content" className="skip" onClick={skip}>
        {texts.skip}
      </a>
      <AppShell.Header className="shell-top">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={texts.menu}
              aria-expanded={opened}
            />
            <Link to="/" aria-label="Ordinal" className="nav-link">
              <img src={new URL('favicon.svg', consoleUrl).href} width={24} height={24} alt="" />
              <Text fw={650} fz="lg" visibleFrom="xs" span>
                Ordinal
              </Text>
            </Link>
          </Group>
          <SearchButton />
          <Group gap={4} wrap="nowrap">
            <SchemeButton />
            <Settings />
            <Caller />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" className="shell-nav" data-opened={opened || undefined}>
        <nav aria-label={texts.menu} onClick={close}>
          <Navigation />
        </nav>
      </AppShell.Navbar>
      <AppShell.Main className="shell-main" id="content" tabIndex={-1}>
        <Expired />
        <Outlet />
      </AppShell.Main>
      <Suspense>
        <Search />
      </Suspense>
      <Keyboard />
    </AppShell>
  )
}

/** To the content of this page: by its address the link would lead to that of the overview, which is the base of all links. */
function skip(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

function Navigation() {
  const texts = useTexts()
  const sections = [...new Set(navigation.map(({ section }) => section))]
  return sections.map((section) => (
    <div key={section ?? 'top'}>
      {section && <div className="nav-section">{texts[section]}</div>}
      <ul className="plain-list">
        {navigation
          .filter((entry) => entry.section === section)
          .map(({ to, text, icon: Icon }) => (
            <li key={to}>
              <Link to={to} className="nav-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
                <Icon size={18} stroke={1.7} aria-hidden />
                {texts[text]}
              </Link>
            </li>
          ))}
      </ul>
    </div>
  ))
}

function SearchButton() {
  const texts = useTexts()
  const keys = useSearchKeys()
  return (
    <Button
      variant="default"
      size="xs"
      radius="md"
      onClick={() => void openSearch()}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        <Kbd size="xs" visibleFrom="sm">
          {keys}
        </Kbd>
      }
    >
      <span className="search-label">{texts.search}</span>
    </Button>
  )
}

function SchemeButton() {
  const texts = useTexts()
  const { setColorScheme } = useMantineColorScheme()
  const shown = useComputedColorScheme('light')
  return (
    <Tooltip label={texts.theme}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={texts.theme}
        onClick={() => setColorScheme(shown === 'dark' ? 'light' : 'dark')}
      >
        {shown === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  )
}

function Caller() {
  const texts = useTexts()
  const session = useSession()
  const openSignIn = useSignIn()
  if (session) return <Account session={session} />
  return (
    <Button size="xs" variant="light" onClick={openSignIn}>
      {texts.signIn}
    </Button>
  )
}

/** The token has ended, and nothing renews it. */
function Expired() {
  const texts = useTexts()
  const openSignIn = useSignIn()
  const isOver = useIsOver(useSession()?.expiresAt)
  if (!isOver || refreshToken() !== null) return null
  return (
    <Alert color="yellow" mb="md" role="status">
      <Group justify="space-between">
        {texts.expired}
        <Button size="xs" variant="default" onClick={openSignIn}>
          {texts.signIn}
        </Button>
      </Group>
    </Alert>
  )
}

const longestTimerMs = 2 ** 31 - 1

/** Whether a moment is over; the page is drawn again when it is. */
function useIsOver(at: Date | undefined): boolean {
  const [over, setOver] = useState<number>()
  const moment = at?.getTime()
  useEffect(() => {
    const leftMs = moment === undefined ? Infinity : moment - Date.now()
    if (leftMs > longestTimerMs) return
    const timer = setTimeout(() => setOver(moment), Math.max(0, leftMs))
    return () => clearTimeout(timer)
  }, [moment])
  return moment !== undefined && over === moment
}
