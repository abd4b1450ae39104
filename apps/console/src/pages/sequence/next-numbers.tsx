import { Stack, Text } from '@mantine/core'
import { ProblemError, type Sequence } from '@ordinal/client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { ordinal } from '../../api/ordinal'
import { QueryState } from '../../ui/states'
import { renderTemplate, todayIn } from '../../ui/template'
import { nextValues } from './next-values'
import { useSequenceTexts } from './texts'

const shownNumbers = 3

const nextNumbersOf = ({ prefix, version, template, time_zone, fiscal_year_start, end }: Sequence) =>
  queryOptions({
    // Its rules are in the result: those of another version give other numbers.
    queryKey: ['numbers', 'next', prefix, version],
    queryFn: async ({ signal }) => {
      const { numbers } = ordinal()
      const [next, { current_counter: counter, gaps }] = await Promise.all([
        numbers.preview(prefix, {}, { signal }).catch(noneIfExhausted),
        numbers.status(prefix, {}, { signal }),
      ])
      if (!next) return []
      const free =
        gaps > 0
          ? (await numbers.gapsPage(prefix, { state: 'free', page_size: shownNumbers }, { signal })).data
          : []
      const values = nextValues(
        { next: next.counter, counter, end, free: free.map((gap) => gap.counter) },
        shownNumbers,
      )
      const today = todayIn(time_zone)
      return values.map((value) => renderTemplate(template, prefix, today, fiscal_year_start, value))
    },
  })

function noneIfExhausted(error: unknown): undefined {
  if (!(error instanceof ProblemError && error.code === 'sequence_exhausted')) throw error
}

/** What the next numbers will be, if nobody else comes first. */
export function NextNumbers({ sequence }: { sequence: Sequence }) {
  const texts = useSequenceTexts()
  const query = useQuery(nextNumbersOf(sequence))
  return (
    <QueryState query={query}>
      {(numbers) =>
        numbers.length === 0 ? (
          <Text>{texts.noneLeft}</Text>
        ) : (
          <Stack gap={6}>
            <ul className="plain-list" aria-label={texts.nextNumbers}>
              {numbers.map((number, nth) => (
                <Text
                  key={number}
                  component="li"
                  fz={nth === 0 ? 24 : 'lg'}
                  className="hero-number"
                  {...(nth === 0 ? { fw: 600 } : { c: 'dimmed' })}
                >
                  {number}
                </Text>
              ))}
            </ul>
            <Text size="sm" c="dimmed">
              {texts.nextHelp}
            </Text>
          </Stack>
        )
      }
    </QueryState>
  )
}
