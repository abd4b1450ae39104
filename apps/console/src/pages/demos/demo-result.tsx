import { useEffect, useState } from 'react'
import { Group, Stack, Text } from '@mantine/core'
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import type { DemoReport } from '@ordinal/client'
import { Link } from '@tanstack/react-router'
import { Card } from '../../ui/page'
import { translated, useDemosTexts } from './texts'

type Step = DemoReport['steps'][number]

// So that a person can follow: the service has done all of it by now.
const stepMs = 350

/** What a demonstration did, step after step, and then what the ledger says of each promise. */
export function DemoResult({ report }: { report: DemoReport }) {
  const texts = useDemosTexts()
  const { steps, promises, prefix } = report
  const shown = useSteps(steps.length)
  const isOver = shown >= steps.length
  return (
    <div className="grid-wide">
      <Card title={texts.steps}>
        <ol className="timeline" aria-live="polite">
          {steps.slice(0, shown).map((step, index) => (
            <StepOf key={index} step={step} prefix={prefix} />
          ))}
        </ol>
        {!isOver && <Text c="dimmed">{texts.checking}</Text>}
      </Card>
      {isOver && <Verdict report={report} promises={promises} />}
    </div>
  )
}

/** How many steps are shown by now; all at once for those who want no motion. */
function useSteps(count: number): number {
  const [shown, setShown] = useState(() =>
    matchMedia('(prefers-reduced-motion: reduce)').matches ? count : Math.min(1, count),
  )
  useEffect(() => {
    if (shown >= count) return
    const next = setTimeout(() => setShown(shown + 1), stepMs)
    return () => clearTimeout(next)
  }, [shown, count])
  return shown
}

function StepOf({ step: { step, numbers }, prefix }: { step: Step; prefix: string }) {
  const texts = useDemosTexts()
  return (
    <li>
      <Text>{translated(step, texts.said)}</Text>
      <Group gap="xs">
        {numbers.map((number) => (
          <Link
            key={number}
            to="/numbers/$number"
            params={{ number }}
            search={{ prefix }}
            className="link mono"
          >
            {number}
          </Link>
        ))}
      </Group>
    </li>
  )
}

function Verdict({ report, promises }: { report: DemoReport; promises: DemoReport['promises'] }) {
  const texts = useDemosTexts()
  const { held, numbers, seconds, numbers_per_second } = report
  return (
    <Card title={texts.verdict}>
      <Stack>
        <Text fw={600} className={held ? 'tone-ok' : 'tone-bad'} role="status" data-verdict={held}>
          {held ? texts.held : texts.broken}
        </Text>
        <ul className="plain-list stack">
          {promises.map(({ promise, held: isKept, found }) => (
            <Group key={promise} component="li" gap="sm" wrap="nowrap" align="flex-start">
              <span
                className={isKept ? 'tone-ok' : 'tone-bad'}
                role="img"
                aria-label={isKept ? texts.kept : texts.notKept}
              >
                {isKept ? <IconCircleCheck size={20} /> : <IconCircleX size={20} />}
              </span>
              <div>
                <Text>{translated(promise, texts.said)}</Text>
                <Text size="sm" c="dimmed">
                  {translated(found, texts.said)}
                </Text>
              </div>
            </Group>
          ))}
        </ul>
        <Text c="dimmed">{texts.figures(numbers, seconds, numbers_per_second)}</Text>
      </Stack>
    </Card>
  )
}
