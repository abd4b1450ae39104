import { Group, Stack, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { serviceNames } from '../../api/config'
import { checksOf } from '../../api/health'
import { services } from '../../api/ordinal'
import { healthOf, trafficOf } from '../../api/queries'
import { sumOf } from '../../api/samples'
import { Card, ToneDot, type Tone } from '../../ui/page'
import { nameOf, useTexts } from '../../ui/texts'
import { WhatToDo } from '../../ui/what-to-do'
import { conditionOf, toneOf } from './services'
import { useOverviewTexts } from './texts'

/** What a person should look at, the worst first. */
export function Attention() {
  const texts = useOverviewTexts()
  const findings = useFindings()
  return (
    <Card title={texts.attention}>
      {findings.length === 0 ? (
        <Group gap="xs" wrap="nowrap">
          <ToneDot tone="ok" />
          <Text c="dimmed">{texts.allWell}</Text>
        </Group>
      ) : (
        <Stack gap={6} component="ul" className="plain-list" role="list">
          {findings.map(({ text, tone, link, code }) => (
            <Group key={text} gap="xs" wrap="nowrap" component="li">
              <ToneDot tone={tone} />
              <Text>
                {text}{' '}
                {link && (
                  <Link {...link} className="link">
                    {texts.show}
                  </Link>
                )}
                {code && <WhatToDo code={code} />}
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Card>
  )
}

interface Finding {
  text: string
  tone: Tone
  /** Where its rows are, if there are any. */
  link?: Pick<LinkProps, 'to' | 'params' | 'search'>
  /** The error that requests get meanwhile. */
  code?: string
}

function useFindings(): Finding[] {
  const texts = useOverviewTexts()
  const shared = useTexts()
  const known = serviceNames.filter((name) => services()[name] !== undefined)
  const health = useQueries({ queries: known.map(healthOf) })
  const traffic = useQueries({ queries: known.map(trafficOf) })
  const findings: Finding[] = []
  known.forEach((name, index) => {
    const query = health[index]!
    const condition = conditionOf(query)
    if (condition === 'down') findings.push({ text: texts.isDown(texts.services[name]), tone: 'bad' })
    // Also of a service that is healthy: it works on while a breaker is open.
    else
      for (const [check, state] of query.data ? checksOf(query.data) : [])
        if (state === 'refused')
          findings.push({ text: shared.problems.ledger_behind, tone: 'bad', code: 'ledger_behind' })
        else if (toneOf(state) !== 'ok')
          findings.push({
            text: texts.isDegraded(
              texts.services[name],
              nameOf(check, texts.checks),
              nameOf(state, texts.checkStates),
            ),
            tone: toneOf(state),
          })
    const samples = traffic[index]!.data?.samples ?? []
    if (name === 'orders') {
      const without = sumOf(samples, 'order_service_orders_without_number')
      if (without > 0)
        findings.push({
          text: texts.withoutNumber(without),
          tone: 'warn',
          link: { to: '/orders', search: { numbered: 'no' } },
        })
      const dead = sumOf(samples, 'order_service_dead_events')
      if (dead > 0) findings.push({ text: texts.dead(dead), tone: 'bad', link: { to: '/events' } })
    }
    if (name === 'sequencer')
      for (const { name: metric, labels, value } of samples) {
        const prefix = labels.prefix ?? ''
        if (
          metric === 'sequencer_values_left' &&
          value <= sumOf(samples, 'sequencer_values_warn_at', { prefix })
        )
          findings.push({
            text: texts.nearEnd(prefix, value),
            tone: value === 0 ? 'bad' : 'warn',
            link: { to: '/sequences/$prefix', params: { prefix } },
          })
      }
  })
  return findings.sort((one, other) => Number(other.tone === 'bad') - Number(one.tone === 'bad'))
}
