import { useId, type ReactNode } from 'react'
import { Group, Paper, Stack, Text, Title, Tooltip } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import type { IssuedNumber } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import type { ServiceName } from '../api/config'
import { services } from '../api/ordinal'
import { opennessOf } from '../api/queries'
import { isOffered, useSession, type Role } from '../api/session'
import { useTexts } from './texts'

interface PageProps {
  title: string
  /** In place of the title as text, such as a number in its own typeface. */
  heading?: ReactNode
  /** Beside the title. */
  badge?: ReactNode
  /** A sentence below it. */
  about?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** A page: its title, what can be done, and its content. */
export function Page({ title, heading, badge, about, actions, children }: PageProps) {
  useDocumentTitle(`${title} · Ordinal`)
  return (
    <Stack gap="lg" maw={1240} mx="auto">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2}>
          <Group gap="sm">
            <Title order={1}>{heading ?? title}</Title>
            {badge}
          </Group>
          {about && (
            <Text c="dimmed" component="div">
              {about}
            </Text>
          )}
        </Stack>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}

interface CardProps {
  title?: string
  actions?: ReactNode
  children: ReactNode
}

export function Card({ title, actions, children }: CardProps) {
  return (
    <Paper className="card" p="md" component="section" aria-label={title}>
      {title && (
        <Group justify="space-between" mb="sm" gap="xs">
          <Title order={2}>{title}</Title>
          {actions}
        </Group>
      )}
      {children}
    </Paper>
  )
}

interface FigureProps {
  label: string
  value: ReactNode
  /** Smaller, behind the value. */
  unit?: string
  tone?: Tone
}

export type Tone = 'ok' | 'warn' | 'bad' | 'quiet'

/** One number that matters, with what it counts. */
export function Figure({ label, value, unit, tone }: FigureProps) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={600} className={`figure${tone ? ` tone-${tone}` : ''}`} component="div">
        {value}
        {unit && (
          <Text span c="dimmed" fz="sm" fw={400} ml={6}>
            {unit}
          </Text>
        )}
      </Text>
    </div>
  )
}

export const ToneDot = ({ tone, live = false }: { tone: Tone; live?: boolean }) => (
  <span className={`dot tone-${tone}`} data-tone={live ? 'live' : undefined} aria-hidden />
)

/** The state of a number. */
export function StateBadge({ state }: { state: IssuedNumber['state'] }) {
  const texts = useTexts()
  return (
    <span className="state" data-state={state}>
      {texts.states[state]}
    </span>
  )
}

/** A number, as documents show it. */
export const Mono = ({ children }: { children: ReactNode }) => <span className="mono">{children}</span>

interface NeedsRoleProps {
  role: Role
  /** The service that is asked, where it lets strangers do it while it is open. */
  openIn?: ServiceName | undefined
  /** Whether the reason also stands below it, and not only where somebody points or goes to it. */
  saysWhy?: boolean
  /** @param whyNot the id of the reason, by which a button is described that is not for whoever looks */
  children: (allowed: boolean, whyNot?: string) => ReactNode
}

/** What needs a role: it is shown to all, and says why it is not for those who have it not. */
export function NeedsRole({ role, openIn, saysWhy = false, children }: NeedsRoleProps) {
  const texts = useTexts()
  const session = useSession()
  const isOpen = useIsOpen(openIn, session === undefined)
  const id = useId()
  if (isOpen || isOffered(role, session)) return children(true)
  const why = session ? texts.viewOnlyWhy(role) : texts.signInFor(role)
  return (
    <>
      <Tooltip label={why} events={{ hover: true, focus: true, touch: true }}>
        <span id={id} tabIndex={0} aria-label={why} role="note">
          {children(false, id)}
        </span>
      </Tooltip>
      {saysWhy && (
        <Text size="sm" c="dimmed" w="100%">
          {why}
        </Text>
      )}
    </>
  )
}

/** Whether whoever is not signed in may do it all the same. */
function useIsOpen(service: ServiceName | undefined, isStranger: boolean): boolean {
  const isAsked = isStranger && service !== undefined && services()[service] !== undefined
  const { data } = useQuery({ ...opennessOf(service ?? 'sequencer'), enabled: isAsked })
  return isAsked && data === true
}
