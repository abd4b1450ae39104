import { useState } from 'react'
import { Button, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import type { IssuedNumber } from '@ordinal/client'
import { Link } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { Card, NeedsRole, StateBadge } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { useSequenceTexts } from './texts'

/** Issues or reserves numbers, as a program would. */
export function Draw({ prefix }: { prefix: string }) {
  const texts = useSequenceTexts()
  const [drawn, setDrawn] = useState<readonly IssuedNumber[]>([])
  const form = useForm({ initialValues: { client: 'console', date: '', count: 1, hold: 300 } })
  const draw = useChange({
    run: (reserves: boolean) => {
      const { client, date, count, hold } = form.getValues()
      return ordinal().numbers.nextBatch(prefix, count, {
        ...(client && { client_id: client }),
        ...(date && { business_date: date }),
        ...(reserves && { hold_seconds: hold }),
      })
    },
    changes: ['numbers'],
    onDone: (numbers) => setDrawn((before) => [...numbers.toReversed(), ...before].slice(0, 20)),
  })
  return (
    <Card title={texts.draw}>
      <Stack gap="sm">
        <Group grow align="flex-start">
          <TextInput label={texts.client} {...form.getInputProps('client')} />
          <TextInput label={texts.date} placeholder="2026-12-31" {...form.getInputProps('date')} />
        </Group>
        <Group grow align="flex-start">
          <NumberInput label={texts.count} min={1} max={100} {...form.getInputProps('count')} />
          <NumberInput label={texts.hold} min={1} max={2_592_000} {...form.getInputProps('hold')} />
        </Group>
        <NeedsRole role="operator" openIn="sequencer" saysWhy>
          {(allowed, whyNot) => (
            <Group gap="xs">
              <Button
                disabled={!allowed}
                aria-describedby={whyNot}
                loading={draw.isPending}
                onClick={() => draw.mutate(false)}
              >
                {texts.issue}
              </Button>
              <Button
                variant="default"
                disabled={!allowed}
                aria-describedby={whyNot}
                loading={draw.isPending}
                onClick={() => draw.mutate(true)}
              >
                {texts.reserve}
              </Button>
            </Group>
          )}
        </NeedsRole>
        <FormError error={draw.error} />
        {drawn.length > 0 && (
          <div>
            <Text size="sm" c="dimmed" mb={4}>
              {texts.drawnHelp}
            </Text>
            <ul className="plain-list feed" aria-label={texts.drawn}>
              {drawn.map(({ full_number, state }) => (
                <li key={full_number}>
                  <Link
                    to="/numbers/$number"
                    params={{ number: full_number }}
                    search={{ prefix }}
                    className="link mono"
                  >
                    {full_number}
                  </Link>
                  <span className="feed-when">
                    <StateBadge state={state} />
                  </span>
                </li>
              ))}
            </ul>
          </div>
        )}
      </Stack>
    </Card>
  )
}
