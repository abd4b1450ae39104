import { Group, Text } from '@mantine/core'
import type { NumberWithHistory } from '@ordinal/client'
import { Link } from '@tanstack/react-router'
import { services } from '../../api/ordinal'
import { StateBadge } from '../../ui/page'
import { useSettings } from '../../ui/settings'
import { nameOf, useTexts } from '../../ui/texts'
import { duration, Time } from '../../ui/time'
import { useNumberTexts } from './texts'

type Step = NumberWithHistory['history'][number]

/** Every step of a number, the last first: what, when, who, why, and how long after the one before. */
export function Life({ history }: { history: readonly Step[] }) {
  const steps = [...history].sort((one, other) => other.revision - one.revision)
  return (
    <ol className="timeline" reversed>
      {steps.map((step, index) => (
        <StepOf key={step.revision} step={step} before={steps[index + 1]} />
      ))}
    </ol>
  )
}

const details = [
  'client_id',
  'generated_by',
  'site_id',
  'partition_id',
  'invoice_type',
  'business_date',
  'hold_seconds',
] as const

function StepOf({ step, before }: { step: Step; before: Step | undefined }) {
  const { language } = useSettings()
  const texts = useNumberTexts()
  const shared = useTexts()
  const seconds = before && (Date.parse(step.at) - Date.parse(before.at)) / 1000
  return (
    <li>
      <Group gap="xs">
        <Text fw={600} span>
          {shared.events[step.event]}
        </Text>
        <StateBadge state={step.state} />
        <Text c="dimmed" span>
          <Time at={step.at} /> {texts.by} {step.caller}
          {seconds !== undefined && ` · ${texts.after(duration(seconds, language))}`}
        </Text>
      </Group>
      {step.reason && <Text mt={2}>“{step.reason}”</Text>}
      <Group gap="md" mt={2}>
        {details.map((name) =>
          step[name] === null ? null : (
            <Text key={name} size="sm" c="dimmed" span>
              {texts.step[name]}{' '}
              <span className="mono">
                {name === 'invoice_type' ? nameOf(step.invoice_type!, shared.invoiceTypes) : step[name]}
              </span>
            </Text>
          ),
        )}
        <RequestOf id={step.request_id} />
      </Group>
    </li>
  )
}

/** The request of a step: it leads to all that it wrote, and to its trace. */
function RequestOf({ id }: { id: string | null }) {
  const texts = useNumberTexts()
  const { traces } = services()
  if (id === null) return null
  return (
    <Text size="sm" c="dimmed" span>
      {texts.request}{' '}
      <Link to="/audit" search={{ request: id }} className="link mono">
        {id}
      </Link>
      {traces !== undefined && (
        <>
          {' · '}
          <a
            className="link"
            href={traces.replaceAll('{request_id}', encodeURIComponent(id))}
            target="_blank"
            rel="noreferrer"
          >
            {texts.trace}
          </a>
        </>
      )}
    </Text>
  )
}
