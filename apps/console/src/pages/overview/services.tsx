import { Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { serviceNames, type ServiceName } from '../../api/config'
import { checksOf, type Health, type Traffic } from '../../api/health'
import { services } from '../../api/ordinal'
import { healthOf, trafficOf } from '../../api/queries'
import { Rate } from '../../ui/numbers'
import { Card, Figure, ToneDot, type Tone } from '../../ui/page'
import { useSettings } from '../../ui/settings'
import { nameOf } from '../../ui/texts'
import { duration } from '../../ui/time'
import { useOverviewTexts } from './texts'

export const Services = () => (
  <div className="grid-cards">
    {serviceNames.map((name) => (
      <Service key={name} name={name} />
    ))}
  </div>
)

export type Condition = Health['status'] | 'down' | undefined

/** How a service is: `down` if it was asked just now and did not answer. */
export const conditionOf = (query: { data?: Health | undefined; isError: boolean }): Condition =>
  query.isError ? 'down' : query.data?.status

const tones: Record<NonNullable<Condition>, Tone> = {
  ok: 'ok',
  degraded: 'warn',
  unavailable: 'bad',
  down: 'bad',
}

function Service({ name }: { name: ServiceName }) {
  const { language } = useSettings()
  const texts = useOverviewTexts()
  const isKnown = services()[name] !== undefined
  const health = useQuery({ ...healthOf(name), enabled: isKnown })
  const traffic = useQuery({ ...trafficOf(name), enabled: isKnown })
  const condition = conditionOf(health)
  const checks = condition === 'down' || !health.data ? [] : checksOf(health.data)
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Text fw={600}>{texts.services[name]}</Text>
          <Group gap={6} wrap="nowrap" role="status" data-service={name} data-condition={condition}>
            <ToneDot tone={condition ? tones[condition] : 'quiet'} live={condition === 'ok'} />
            <Text size="sm" className={condition && `tone-${tones[condition]}`}>
              {condition ? texts.status[condition] : texts.waiting}
            </Text>
          </Group>
        </Group>
        {isKnown ? (
          <TrafficFigures traffic={condition === 'down' ? undefined : traffic.data} />
        ) : (
          <Text>{texts.noAddress}</Text>
        )}
        <div className="checks">
          {checks.map(([check, state]) => (
            <Group key={check} gap={6} wrap="nowrap">
              <ToneDot tone={toneOf(state)} />
              <Text size="sm" c="dimmed">
                {nameOf(check, texts.checks)} {nameOf(state, texts.checkStates)}
              </Text>
            </Group>
          ))}
        </div>
        {health.data && condition !== 'down' && (
          <Text size="xs" c="dimmed">
            {health.data.version} · {texts.uptime} {duration(health.data.uptime_seconds, language)}
          </Text>
        )}
      </Stack>
    </Card>
  )
}

/** Of a check: `up`, the state of a breaker, `down`, or `refused`. */
export const toneOf = (state: string): Tone =>
  state === 'up' || state.startsWith('closed') ? 'ok' : ['down', 'refused'].includes(state) ? 'bad' : 'warn'

function TrafficFigures({ traffic }: { traffic: Traffic | undefined }) {
  const texts = useOverviewTexts()
  const { requestsPerSecond, p95Seconds } = traffic ?? {}
  return (
    <Group gap="xl">
      <Figure label={texts.requests} value={<Rate of={requestsPerSecond} />} unit={texts.perSecond} />
      <Figure label={texts.p95} value={<Rate of={p95Seconds && p95Seconds * 1000} />} unit="ms" />
    </Group>
  )
}
