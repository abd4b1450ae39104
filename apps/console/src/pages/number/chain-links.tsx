import { Group, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import type { LedgerEntry } from '@ordinal/client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { linesOf } from '../../../offline/lines'
import { asViewer } from '../../api/allowed'
import { openExport } from '../../api/audit-queries'
import { ordinal } from '../../api/ordinal'
import { Count } from '../../ui/numbers'
import { Card } from '../../ui/page'
import { QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { useNumberTexts } from './texts'

// Each is an export of its own.
const mostLinks = 10

interface ChainLink {
  entry: LedgerEntry
  /** The hash of the batch that wrote it, in hexadecimal. */
  hash: string
  /** What does not fit; none if the link follows from its rows and the hash before it. */
  findings: string[]
}

const linksOf = (number: string, prefix: string, steps: number) =>
  queryOptions({
    // Another step has another link.
    queryKey: ['audit', 'links', prefix, number, steps],
    queryFn: async ({ signal }) => {
      const { data } = await asViewer(() =>
        ordinal().audit.page({ number, prefix, page_size: mostLinks }, { signal }),
      )
      const links: ChainLink[] = []
      for (const entry of data) links.push(await checkLink(entry, signal))
      return links
    },
    staleTime: Infinity,
  })

/** Computes the hash of the commit that wrote a row again, from an export of its moment. */
async function checkLink(entry: LedgerEntry, signal: AbortSignal): Promise<ChainLink> {
  const { verifyExport } = await import('@ordinal/audit/offline')
  const { prefix, period, batch, at } = entry
  const from = Math.floor(Date.parse(at))
  const moment = (time: number) => new Date(time).toISOString()
  const { body } = await openExport(
    { format: 'ndjson', prefix, period, from: moment(from), to: moment(from + 1) },
    signal,
  )
  let hash = ''
  async function* noteHash(lines: AsyncIterable<string>) {
    for await (const line of lines) {
      const record =
        line === '' ? undefined : (JSON.parse(line) as { type: string; batch: number; hash: string })
      if (record?.type === 'batch' && record.batch === batch) hash = record.hash
      yield line
    }
  }
  const { findings } = await verifyExport(noteHash(linesOf(body!, () => {}, signal)))
  if (hash === '') throw new Error(`batch ${batch} of ${prefix} is not in its export`)
  return { entry, hash, findings: findings.map(({ kind, detail }) => `${kind}: ${detail}`) }
}

interface ChainLinksProps {
  number: string
  prefix: string
  /** How many steps it has. */
  steps: number
}

/** Where a number's steps are in the chain, and whether this browser gets the same hashes. */
export function ChainLinks({ number, prefix, steps }: ChainLinksProps) {
  const texts = useNumberTexts()
  const query = useQuery(linksOf(number, prefix, steps))
  return (
    <Card title={texts.links}>
      <QueryState query={query}>
        {(links) => (
          <>
            <ul className="plain-list feed" tabIndex={0} aria-label={texts.links}>
              {links.map((link) => (
                <LinkOf key={`${link.entry.batch} ${link.entry.position}`} link={link} />
              ))}
            </ul>
            <Text size="sm" c="dimmed" mt="xs">
              {texts.linksHelp}
            </Text>
          </>
        )}
      </QueryState>
    </Card>
  )
}

function LinkOf({ link: { entry, hash, findings } }: { link: ChainLink }) {
  const shared = useTexts()
  const texts = useNumberTexts()
  const fits = findings.length === 0
  return (
    <li data-link={fits ? 'fits' : 'differs'}>
      <span className="feed-what">{shared.events[entry.event]}</span>
      <span>
        {texts.batch} <Count of={entry.batch} />, {texts.row} <Count of={entry.position} />
      </span>
      <span className="mono" title={hash}>
        {hash.slice(0, 12)}…
      </span>
      <Group gap={4} wrap="nowrap" className={`feed-when ${fits ? 'tone-ok' : 'tone-bad'}`}>
        {fits ? <IconCircleCheck size={16} aria-hidden /> : <IconAlertTriangle size={16} aria-hidden />}
        {fits ? texts.linkFits : findings.join('; ')}
      </Group>
    </li>
  )
}
