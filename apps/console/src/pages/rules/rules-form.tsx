import { Button, Group, NumberInput, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ChangedMeanwhileError, type Sequence } from '@ordinal/client'
import { useNavigate } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { Card, Mono, NeedsRole } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { isoOf, renderTemplate, tellingDates, todayIn } from '../../ui/template'
import { useTexts } from '../../ui/texts'
import { useSequencesTexts } from '../sequences/texts'
import { useRulesTexts } from './texts'

interface RulesFormProps {
  /** Undefined for a new one. */
  sequence: Sequence | undefined
  onReload: () => void
}

const resets = ['never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'weekly', 'daily'] as const
const policies = ['recycle', 'strict'] as const

export function RulesForm({ sequence, onReload }: RulesFormProps) {
  const texts = useRulesTexts()
  const inList = useSequencesTexts()
  const shared = useTexts()
  const navigate = useNavigate()
  const form = useForm({
    initialValues: {
      prefix: sequence?.prefix ?? '',
      template: sequence?.template ?? '{prefix}{YYYY}-{seq:4}',
      reset: sequence?.reset ?? ('yearly' as const),
      time_zone: sequence?.time_zone ?? 'UTC',
      fiscal_year_start: String(sequence?.fiscal_year_start ?? 1),
      gap_policy: sequence?.gap_policy ?? ('recycle' as const),
      start: sequence?.start ?? 1,
      end: sequence?.end ?? '',
      reason: '',
    },
  })
  const save = useChange({
    run: async () => {
      const { prefix, end, reason, fiscal_year_start, ...rules } = form.getValues()
      const changed = {
        ...rules,
        end: end === '' ? null : Number(end),
        fiscal_year_start: /^\d+$/.test(fiscal_year_start) ? Number(fiscal_year_start) : fiscal_year_start,
        ...(reason && { reason }),
      }
      if (sequence) await ordinal().sequences.update(prefix, changed, { ifVersion: sequence.version })
      else await ordinal().sequences.create({ prefix, ...changed })
      return prefix
    },
    changes: ['sequences', 'numbers'],
    done: texts.saved,
    onDone: (prefix) => void navigate({ to: '/sequences/$prefix', params: { prefix } }),
  })
  const changedMeanwhile = save.error instanceof ChangedMeanwhileError
  return (
    <form onSubmit={form.onSubmit(() => save.mutate(undefined))}>
      <div className="grid-wide">
        <Card>
          <Stack gap="sm">
            {!sequence && (
              <TextInput
                label={texts.prefix}
                description={texts.prefixHelp}
                required
                classNames={{ input: 'mono' }}
                {...form.getInputProps('prefix')}
              />
            )}
            <TextInput
              label={texts.template}
              description={texts.templateHelp}
              required
              classNames={{ input: 'mono' }}
              {...form.getInputProps('template')}
            />
            <Group grow align="flex-start">
              <Select
                label={texts.reset}
                allowDeselect={false}
                data={resets.map((value) => ({ value, label: inList.reset[value] }))}
                {...form.getInputProps('reset')}
              />
              <Select
                label={texts.policy}
                allowDeselect={false}
                data={policies.map((value) => ({ value, label: inList.policies[value] }))}
                {...form.getInputProps('gap_policy')}
              />
            </Group>
            <Group grow align="flex-start">
              <TextInput
                label={texts.zone}
                description={texts.zoneHelp}
                {...form.getInputProps('time_zone')}
              />
              <TextInput
                label={texts.fiscal}
                description={texts.fiscalHelp}
                {...form.getInputProps('fiscal_year_start')}
              />
            </Group>
            <Group grow align="flex-start">
              <NumberInput label={texts.start} min={1} {...form.getInputProps('start')} />
              <NumberInput
                label={texts.end}
                placeholder={texts.endHelp}
                min={1}
                {...form.getInputProps('end')}
              />
            </Group>
            <TextInput
              label={shared.reason}
              description={shared.reasonHelp}
              {...form.getInputProps('reason')}
            />
            {changedMeanwhile && (
              <Group>
                <Text>{shared.changedMeanwhile}</Text>
                <Button variant="default" onClick={onReload}>
                  {texts.reload}
                </Button>
              </Group>
            )}
            <FormError error={save.error} />
            <NeedsRole role="admin" saysWhy>
              {(allowed, whyNot) => (
                <Button type="submit" loading={save.isPending} disabled={!allowed} aria-describedby={whyNot}>
                  {shared.save}
                </Button>
              )}
            </NeedsRole>
          </Stack>
        </Card>
        <Preview {...form.getValues()} />
      </div>
    </form>
  )
}

interface PreviewProps {
  prefix: string
  template: string
  time_zone: string
  fiscal_year_start: string
  start: number
}

/** What the template makes of the dates at which it changes. */
function Preview({ prefix, template, time_zone, fiscal_year_start, start }: PreviewProps) {
  const texts = useRulesTexts()
  const today = todayOr(time_zone)
  const rows = tellingDates(today, fiscal_year_start).map((date) => ({
    date: isoOf(date),
    number: renderTemplate(template, prefix, date, fiscal_year_start, start || 1),
  }))
  return (
    <Card title={texts.preview}>
      <Text size="sm" c="dimmed" mb="sm">
        {rows[0]?.number === undefined ? texts.noPreview : texts.previewHelp}
      </Text>
      <Table className="data-table">
        <Table.Tbody>
          {rows.map(({ date, number }) => (
            <Table.Tr key={date}>
              <Table.Td c="dimmed" className="figure">
                {date}
              </Table.Td>
              <Table.Td fw={600}>
                <Mono>{number ?? '–'}</Mono>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  )
}

function todayOr(timeZone: string) {
  try {
    return todayIn(timeZone)
  } catch {
    // It is being typed.
    return todayIn('UTC')
  }
}
