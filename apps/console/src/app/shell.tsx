import { lazy, Suspense } from 'react'
import {
  ActionIcon,
  Alert,
  AppShell,
  Burger,
  Button,
  Group,
  Kbd,
  Menu,
  SegmentedControl,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconLogout, IconMoon, IconSearch, IconSettings, IconSun, IconUser } from '@tabler/icons-react'
import { Link, Outlet } from '@tanstack/react-router'
import { consoleUrl } from '../api/config'
import { signOut, useSession } from '../api/session'
import { choose, useSettings } from '../ui/settings'
import { useSignIn } from '../ui/sign-in'
import { useTexts } from '../ui/texts'
import { navigation } from './navigation'

// Loaded after the page: what it needs is not part of the first load.
const Search = lazy(() => import('./search').then(({ Search }) => ({ default: Search })))
const openSearch = () => void import('./search').then((search) => search.openSearch())

/** What is around every page: the menu, the search, and who is signed in. */
export function Shell() {
  const texts = useTexts()
  const [opened, { toggle, close }] = useDisclosure(false)
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a href="#content" className="skip">
        {texts.skip}
      </a>
      <AppShell.Header className="shell-top">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={texts.menu} />
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
            <SettingsMenu />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" className="shell-nav">
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
    </AppShell>
  )
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
  return (
    <Button
      variant="default"
      size="xs"
      radius="md"
      onClick={openSearch}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        <Kbd size="xs" visibleFrom="sm">
          {/Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K'}
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

function SettingsMenu() {
  const texts = useTexts()
  const { time, language } = useSettings()
  return (
    <Menu position="bottom-end" closeOnItemClick={false} width={260}>
      <Menu.Target>
        <Tooltip label={texts.settings}>
          <ActionIcon variant="subtle" color="gray" aria-label={texts.settings}>
            <IconSettings size={18} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown p="sm">
        <Text size="sm" mb={4}>
          {texts.timeAs}
        </Text>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={texts.timeAs}
          value={time}
          onChange={(value) => choose({ time: value })}
          data={[
            { value: 'relative', label: texts.relative },
            { value: 'local', label: texts.local },
            { value: 'utc', label: texts.utc },
          ]}
        />
        <Text size="sm" mt="sm" mb={4}>
          {texts.language}
        </Text>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={texts.language}
          value={language}
          onChange={(value) => choose({ language: value })}
          data={[
            { value: 'en', label: 'English' },
            { value: 'de', label: 'Deutsch' },
          ]}
        />
      </Menu.Dropdown>
    </Menu>
  )
}

function Account() {
  const texts = useTexts()
  const session = useSession()
  const openSignIn = useSignIn()
  if (!session) {
    return (
      <Button size="xs" variant="light" onClick={openSignIn}>
        {texts.signIn}
      </Button>
    )
  }
  const name = session.name ?? texts.withKey
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconUser size={14} aria-hidden />}>
          {session.role ?? session.kind}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{texts.signedInAs(name)}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          {texts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function Expired() {
  const texts = useTexts()
  const session = useSession()
  if (!session?.expiresAt || session.expiresAt > new Date()) return null
  return (
    <Alert color="yellow" mb="md" role="status">
      {texts.expired}
    </Alert>
  )
}
