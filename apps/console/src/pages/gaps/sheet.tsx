import { Group, Stack, Table, Text, Title } from '@mantine/core'
import type { GapMap, GapPage, Sequence } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { allGapsOf, gapMapOf, sequenceOf } from '../../api/sequence-queries'
import { useNumberFormats } from '../../ui/numbers'
import { Card, Figure, Mono } from '../../ui/page'
import { QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { useSequencesTexts } from '../sequences/texts'
import { useExplainedTexts } from './explained-texts'
import { Proof } from './proof'
import { useGapsTexts } from './texts'
import { useMoment } from './use-moment'

interface SheetProps {
  prefix: string
  period: string | undefined
}

/** One sequence, on a page of its own: how many values it has, what each hole is, and what is proven. */
export function Sheet({ prefix, period }: SheetProps) {
  const texts = useExplainedTexts()
  const sequence = useQuery(sequenceOf(prefix))
  const map = useQuery(gapMapOf({ prefix, period }, 1))
  return (
    <div className="sheet" data-sheet={prefix}>
      <QueryState query={sequence}>
        {(rules) => (
          <QueryState query={map}>
            {(counts) => (
              <Card title={texts.sheet(prefix, counts.period)}>
                <Stack gap="lg">
                  <Rules rules={rules} />
                  <Account map={counts} />
                  <Holes prefix={prefix} map={counts} />
                  <Leases leases={counts.leases} reserved={counts.reserved} />
                  <Proof prefix={prefix} period={counts.period} />
                  <p className="signature">{texts.signature}</p>
                </Stack>
              </Card>
            )}
          </QueryState>
        )}
      </QueryState>
    </div>
  )
}

function Rules({ rules }: { rules: Sequence }) {
  const inList = useSequencesTexts()
  return (
    <dl className="facts">
      {[
        [inList.template, rules.template],
        [inList.resets, inList.reset[rules.reset]],
        [inList.policy, inList.policies[rules.gap_policy]],
      ].map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd className="mono">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** That the parts add up to the whole. */
function Account({ map }: { map: GapMap }) {
  const texts = useExplainedTexts()
  const gaps = useGapsTexts()
  const shared = useTexts()
  const { count } = useNumberFormats()
  const all = map.last_value - map.first_value + 1
  const inUse = all - map.free - map.void - map.reserved
  return (
    <section>
      <Title order={3}>{texts.account}</Title>
      <Group gap="xl" my="xs">
        <Figure label={gaps.values} value={count(all)} />
        <Figure label={gaps.inUse} value={count(inUse)} />
        <Figure label={shared.states.reserved} value={count(map.reserved)} />
        <Figure label={shared.states.free} value={count(map.free)} />
        <Figure label={shared.states.void} value={count(map.void)} />
      </Group>
      <Text>
        {all === 0
          ? gaps.noValues
          : texts.sum(
              [map.first_value, map.last_value, inUse, map.reserved, map.free, map.void, all].map(count),
            )}
      </Text>
    </section>
  )
}

function Holes({ prefix, map }: { prefix: string; map: GapMap }) {
  const texts = useExplainedTexts()
  const { count } = useNumberFormats()
  const total = map.free + map.void
  const query = useQuery({ ...allGapsOf(prefix, map.period), enabled: total > 0 })
  return (
    <section>
      <Title order={3}>{texts.holes}</Title>
      {total === 0 ? (
        <Text>{texts.noHoles}</Text>
      ) : (
        <QueryState query={query}>
          {(gaps) => (
            <>
              <Text mb="xs">
                {gaps.length < total
                  ? texts.someHoles(count(gaps.length), count(total))
                  : texts.allHoles(count(gaps.length))}
              </Text>
              <HoleTable gaps={gaps} />
            </>
          )}
        </QueryState>
      )}
    </section>
  )
}

function HoleTable({ gaps }: { gaps: GapPage['data'] }) {
  const gapTexts = useGapsTexts()
  const shared = useTexts()
  const texts = useExplainedTexts()
  const { count } = useNumberFormats()
  const moment = useMoment()
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={texts.holes}>
      <Table className="data-table">
        <Table.Thead>
          <Table.Tr>
            {[gapTexts.number, gapTexts.value, gapTexts.state, texts.when, gapTexts.who, texts.why].map(
              (name) => (
                <Table.Th key={name}>{name}</Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {gaps.map(({ full_number, counter, state, event, at, caller, reason }) => (
            <Table.Tr key={counter}>
              <Table.Td>
                <Mono>{full_number}</Mono>
              </Table.Td>
              <Table.Td>{count(counter)}</Table.Td>
              <Table.Td>{`${shared.states[state]} (${shared.events[event]})`}</Table.Td>
              <Table.Td>{moment(at)}</Table.Td>
              <Table.Td>{caller}</Table.Td>
              <Table.Td>{reason ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

function Leases({ leases, reserved }: Pick<GapMap, 'leases' | 'reserved'>) {
  const texts = useExplainedTexts()
  const { count } = useNumberFormats()
  const moment = useMoment()
  if (reserved === 0) return null
  return (
    <section>
      <Title order={3}>{texts.reserved}</Title>
      <Text mb="xs">{texts.reservedHelp(count(reserved), count(leases.length))}</Text>
      <ul>
        {leases.map(({ full_number, caller, at, expires_at }) => (
          <li key={full_number}>
            <Mono>{full_number}</Mono> {texts.held(caller, moment(at), moment(expires_at))}
          </li>
        ))}
      </ul>
    </section>
  )
}
