import { useEffect, useState, type ReactNode } from 'react'
import { Button, Group, Loader, NumberInput, Stack, Text } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import type { DemoReport } from '@ordinal/client'
import { getRouteApi } from '@tanstack/react-router'
import { onLiveEvents } from '../../api/live'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { Card, NeedsRole, Page } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { useTexts } from '../../ui/texts'
import { DemoResult } from './demo-result'
import { useDemosTexts } from './texts'

const route = getRouteApi('/demos')

export type DemoName = 'basic' | 'concurrent' | 'gaps' | 'load-test'
const names: readonly DemoName[] = ['basic', 'concurrent', 'gaps', 'load-test']
// Longer than a call usually may take: the largest draws 20,000 numbers.
const patience = { attemptTimeoutMs: 120_000, timeoutMs: 120_000, retries: 0 }

/** The demonstrations: one click each, and a verdict on each promise. */
export function DemosPage() {
  const shared = useTexts()
  const texts = useDemosTexts()
  const { threads, each, total } = route.useSearch()
  const navigate = route.useNavigate()
  const run = useChange({
    run: (name: DemoName): Promise<DemoReport> => {
      const { demos } = ordinal()
      if (name === 'basic') return demos.basic({}, patience)
      if (name === 'gaps') return demos.gaps({}, patience)
      if (name === 'load-test')
        return demos.loadTest({ total_requests: total, concurrent_threads: threads }, patience)
      return demos.concurrent({ threads, requests_per_thread: each }, patience)
    },
    changes: ['numbers'],
  })
  const set = (change: { threads?: number; each?: number; total?: number }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const counts: Partial<Record<DemoName, ReactNode>> = {
    concurrent: (
      <>
        <Count
          label={texts.clients}
          value={threads ?? 4}
          max={64}
          onChange={(value) => set({ threads: value })}
        />
        <Count label={texts.each} value={each ?? 25} max={250} onChange={(value) => set({ each: value })} />
      </>
    ),
    'load-test': (
      <Count
        label={texts.total}
        value={total ?? 1_000}
        max={20_000}
        onChange={(value) => set({ total: value })}
      />
    ),
  }
  return (
    <Page title={shared.demos} about={texts.about}>
      <div className="grid-wide">
        {names.map((name) => (
          <Card key={name} title={texts.names[name]}>
            <Stack gap="sm" align="flex-start">
              <Text>{texts.abouts[name]}</Text>
              {counts[name] && <Group gap="sm">{counts[name]}</Group>}
              <NeedsRole role="operator" openIn="sequencer" saysWhy>
                {(allowed, whyNot) => (
                  <Button
                    leftSection={<IconPlayerPlay size={16} aria-hidden />}
                    aria-label={texts.runName(texts.names[name])}
                    disabled={!allowed || run.isPending}
                    aria-describedby={whyNot}
                    loading={run.isPending && run.variables === name}
                    onClick={() => run.mutate(name)}
                  >
                    {texts.run}
                  </Button>
                )}
              </NeedsRole>
            </Stack>
          </Card>
        ))}
      </div>
      {run.isPending && <UnderWay title={texts.names[run.variables]} />}
      <FormError error={run.error} />
      {run.data && !run.isPending && <DemoResult key={run.submittedAt} report={run.data} />}
    </Page>
  )
}

interface CountProps {
  label: string
  value: number
  max: number
  onChange: (value: number) => void
}

const Count = ({ label, value, max, onChange }: CountProps) => (
  <NumberInput
    w={140}
    size="xs"
    label={label}
    min={1}
    max={max}
    value={value}
    onChange={(next) => typeof next === 'number' && next > 0 && onChange(next)}
  />
)

/** How far a demonstration is: what the live stream says of its sequence. */
function UnderWay({ title }: { title: string }) {
  const texts = useDemosTexts()
  const [drawn, setDrawn] = useState(0)
  useEffect(
    () =>
      onLiveEvents((events) => {
        let more = 0
        for (const { prefix, event, count } of events)
          if (prefix === 'DEMO' && (event === 'issue' || event === 'suppress')) more += count
        if (more > 0) setDrawn((before) => before + more)
      }),
    [],
  )
  return (
    <Card title={title}>
      <Group gap="sm" role="status">
        <Loader size="sm" aria-hidden />
        <Text>
          {texts.running}: {texts.drawn(drawn)}
        </Text>
      </Group>
    </Card>
  )
}
