import { useEffect, useState, type ReactNode } from 'react'
import { Button, Code, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { ConnectionError, CallTimeoutError, NotFoundError, ProblemError } from '@ordinal/client'
import {
  IconAlertTriangle,
  IconFileOff,
  IconFilterOff,
  IconLock,
  IconMapOff,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { LinkProps } from '@tanstack/react-router'
import { NotAllowedError } from '../api/allowed'
import { useSession } from '../api/session'
import { ButtonLink } from './button-link'
import { useSignIn } from './sign-in'
import { nameOf, useTexts } from './texts'
import { WhatToDo } from './what-to-do'

interface StateProps {
  icon: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}

/** What is in place of content: why there is none, and what to do. */
export function Notice({ icon, title, children, action }: StateProps) {
  return (
    <Paper className="card" p="xl">
      <Stack align="center" gap="xs" py="lg" ta="center">
        <Text c="dimmed" component="span" aria-hidden>
          {icon}
        </Text>
        <Title order={2}>{title}</Title>
        {children && (
          <Text c="dimmed" maw={480} component="div">
            {children}
          </Text>
        )}
        {action && <Group mt="sm">{action}</Group>}
      </Stack>
    </Paper>
  )
}

// Sooner than the client gives up: a person should know for what they wait.
const lateMs = 4_000

export function Loading({ lines = 4 }: { lines?: number }) {
  const texts = useTexts()
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), lateMs)
    return () => clearTimeout(timer)
  }, [])
  return (
    <Stack gap="sm" role="status" aria-label={texts.loading}>
      {isLate && <Text c="dimmed">{texts.notYet}</Text>}
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={line === 0 ? 28 : 44} width={line === 0 ? '30%' : '100%'} radius="md" />
      ))}
    </Stack>
  )
}

/** A list that is empty because of what is in the filter. */
export function NothingForFilter({ onClear }: { onClear: () => void }) {
  const texts = useTexts()
  return (
    <Notice
      icon={<IconFilterOff size={28} />}
      title={texts.nothingForFilter}
      action={
        <Button variant="default" onClick={onClear}>
          {texts.clearFilter}
        </Button>
      }
    />
  )
}

/** A later page of a list, of which no row is left. */
export function NothingOnPage({ onFirst }: { onFirst: () => void }) {
  const texts = useTexts()
  return (
    <Notice
      icon={<IconFileOff size={28} />}
      title={texts.nothingOnPage}
      action={
        <Button variant="default" onClick={onFirst}>
          {texts.first}
        </Button>
      }
    />
  )
}

/** Whether whoever asks may not see it, or is not known. */
export const isNotAllowed = (error: unknown): boolean =>
  error instanceof NotAllowedError ||
  (error instanceof ProblemError && (error.status === 401 || error.status === 403))

/** Where others of a kind are, and what they are called. */
export interface Others {
  to: NonNullable<LinkProps['to']>
  name: string
}

interface FailureProps {
  error: unknown
  retry?: () => void
  /** What is asked for may not be there: where to go then. */
  others?: Others | undefined
}

/** Why a call failed: not allowed, not there, not reached, or a problem with its code and what to do about it. */
export function Failure({ error, retry, others }: FailureProps) {
  const texts = useTexts()
  const session = useSession()
  const openSignIn = useSignIn()
  const again = retry && (
    <Button variant="default" onClick={retry}>
      {texts.retry}
    </Button>
  )
  const isUnknown = error instanceof ProblemError && error.status === 401
  if (isNotAllowed(error)) {
    return (
      <Notice
        icon={<IconLock size={28} />}
        title={!session ? texts.notSignedIn : isUnknown ? texts.notKnown : texts.notAllowed}
        action={<Button onClick={openSignIn}>{texts.signIn}</Button>}
      >
        {!session
          ? texts.notSignedInHelp
          : error instanceof NotAllowedError
            ? texts.viewOnlyWhy(error.needed)
            : isUnknown
              ? texts.notKnownHelp
              : texts.notAllowedHelp}
        {session && error instanceof ProblemError && <ProblemLine error={error} />}
      </Notice>
    )
  }
  if (error instanceof NotFoundError && others) {
    return (
      <Notice
        icon={<IconMapOff size={28} />}
        title={texts.notThere}
        action={<ButtonLink to={others.to}>{others.name}</ButtonLink>}
      >
        {texts.notThereHelp}
        <ProblemLine error={error} />
      </Notice>
    )
  }
  if (error instanceof ConnectionError || error instanceof CallTimeoutError || error instanceof TypeError) {
    return (
      <Notice icon={<IconPlugConnectedX size={28} />} title={texts.unreachable} action={again}>
        {texts.unreachableHelp} {retry ? texts.retriesByItself : texts.tryAgainLater}
      </Notice>
    )
  }
  return (
    <Notice icon={<IconAlertTriangle size={28} />} title={texts.failed} action={again}>
      {error instanceof ProblemError ? (
        <ProblemLine error={error} />
      ) : (
        String((error as Error).message ?? error)
      )}
    </Notice>
  )
}

/**
 * What is wrong, in the service's own words: the code with the page that says what to do, and the request for its log. Of what only
 * operators can mend it says first what they do.
 */
export function ProblemLine({
  error,
  align = 'center',
}: {
  error: ProblemError
  align?: 'center' | 'flex-start'
}) {
  const texts = useTexts()
  const known = nameOf(error.code, texts.problems)
  return (
    <Stack gap={4} mt="xs" role="alert">
      {known !== error.code && <span>{known}</span>}
      <span>{error.problem.detail}</span>
      {error.problem.errors?.map(({ path, message }) => (
        <span key={path + message}>
          <Code>{path}</Code> {message}
        </span>
      ))}
      <Group gap="xs" justify={align}>
        <Code>{error.code}</Code>
        <WhatToDo code={error.code} />
        <span className="mono">
          {texts.requestId} {error.requestId}
        </span>
      </Group>
    </Stack>
  )
}

interface QueryStateProps<Data> {
  query: UseQueryResult<Data>
  /** Shown for the first load. */
  loading?: ReactNode
  /** Where to go if it is not there. */
  others?: Others
  children: (data: Data) => ReactNode
}

/**
 * The content of a query, or the state that it is in. What was read before stays while the service is away, and not where it
 * answers that there is no such thing any more.
 */
export function QueryState<Data>({ query, loading, others, children }: QueryStateProps<Data>) {
  const data = dataOf(query)
  if (data !== undefined) return children(data)
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} others={others} />
  return loading ?? <Loading />
}

/** What a query has read, unless the service answers by now that it is not there. */
export const dataOf = <Data,>({ data, error }: UseQueryResult<Data>): Data | undefined =>
  isRefused(error) ? undefined : data

const isRefused = (error: unknown): boolean =>
  error instanceof ProblemError && error.status < 500 && error.status !== 429
