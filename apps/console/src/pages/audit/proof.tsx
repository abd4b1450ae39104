import { useRef, useState } from 'react'
import { Button, Group, Text } from '@mantine/core'
import type { Verification } from '@ordinal/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { asViewer } from '../../api/allowed'
import { checkpointsKept, openExport } from '../../api/audit-queries'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { Count, useNumberFormats } from '../../ui/numbers'
import { Card, Figure, NeedsRole } from '../../ui/page'
import { download } from '../../ui/save-file'
import { Failure } from '../../ui/states'
import { Time } from '../../ui/time'
import { useAuditTexts } from './texts'
import { verifyHere, type Followed } from './verify-here'

/** Whether the ledger, or a sequence of it, is what was written; and what that does not prove. */
export function Proof({ prefix }: { prefix: string | undefined }) {
  const texts = useAuditTexts()
  const { count } = useNumberFormats()
  const stopping = useRef<AbortController>(undefined)
  const [followed, setFollowed] = useState<Followed>()
  const verification = useMutation({
    mutationFn: async (where: 'service' | 'here') => {
      const { signal } = (stopping.current = new AbortController())
      setFollowed(undefined)
      try {
        if (where === 'service') return await asViewer(() => ordinal().audit.verify({ prefix }, { signal }))
        const { body } = await openExport({ prefix, format: 'ndjson' }, signal)
        return await verifyHere(body!, setFollowed, signal)
      } catch (error) {
        // It was stopped: there is no verdict, and nothing has failed.
        if (signal.aborted) return null
        throw error
      }
    },
  })
  const { isPending, isError, error, data, variables } = verification
  return (
    <Card title={texts.proof}>
      <Text c="dimmed" mb="sm">
        {prefix ? texts.verifiesSequence(prefix) : texts.verifiesAll}
      </Text>
      <Group>
        <NeedsRole role="viewer" openIn="sequencer">
          {(allowed, whyNot) => (
            <>
              <Button
                disabled={!allowed || isPending}
                aria-describedby={whyNot}
                onClick={() => verification.mutate('here')}
              >
                {texts.verifyHere}
              </Button>
              <Button
                variant="default"
                disabled={!allowed || isPending}
                aria-describedby={whyNot}
                onClick={() => verification.mutate('service')}
              >
                {texts.verifyThere}
              </Button>
            </>
          )}
        </NeedsRole>
        {isPending && (
          <Button variant="subtle" onClick={() => stopping.current?.abort()}>
            {texts.stop}
          </Button>
        )}
      </Group>
      <div role="status" data-verified={isPending ? 'running' : data && (data.fits ? 'fits' : 'differs')}>
        {isPending &&
          (variables === 'here' ? (
            <Text mt="sm" className="figure">
              {texts.progress(count(followed?.lines ?? 0), count(followed?.perSecond ?? 0))}
            </Text>
          ) : (
            <Text mt="sm">{texts.verifyingThere}</Text>
          ))}
        {data && !isPending && <Verdict result={data} />}
      </div>
      {isError && <Failure error={error} />}
      <Text mt="md" fw={600}>
        {texts.notProved}
      </Text>
      <ul className="limits">
        {[...texts.limits, variables === 'service' ? texts.limitThere : texts.limitHere].map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
      <CheckpointAge />
    </Card>
  )
}

type Result = Pick<
  Verification,
  'fits' | 'rows' | 'batches' | 'seconds' | 'rows_per_second' | 'finding_count' | 'findings'
>

function Verdict({ result }: { result: Result }) {
  const texts = useAuditTexts()
  const { count } = useNumberFormats()
  const { fits, rows, batches, seconds, rows_per_second, finding_count, findings } = result
  return (
    <>
      <Group gap="xl" mt="sm">
        <Figure
          label={texts.verdict}
          value={fits ? texts.fits : texts.differs(count(finding_count))}
          tone={fits ? 'ok' : 'bad'}
        />
        <Figure label={texts.rows} value={<Count of={rows} />} />
        <Figure label={texts.batches} value={<Count of={batches} />} />
        <Figure label={texts.rate} value={<Count of={rows_per_second} />} unit={texts.took(seconds)} />
      </Group>
      {findings.map(({ kind, detail }) => (
        <Text key={detail} mt={4} className="tone-bad">
          {kind}: {detail}
        </Text>
      ))}
    </>
  )
}

/** How old the youngest checkpoint is: what is newer than it can be rewritten without a trace. */
function CheckpointAge() {
  const texts = useAuditTexts()
  const kept = useQuery(checkpointsKept)
  const take = useChange({
    run: async () => {
      const { checkpoint, at } = await asViewer(() => ordinal().audit.checkpoint())
      download(`ordinal-checkpoint-${at.replaceAll(':', '-')}.txt`, new Blob([`${checkpoint}\n`]))
    },
    changes: ['audit'],
    done: () => texts.checkpointSaved,
  })
  const latest = [kept.data?.logged_at, kept.data?.given_at]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1)
  return (
    <Group mt="md" justify="space-between">
      <Text data-checkpoint={latest}>
        {texts.lastCheckpoint}{' '}
        {latest ? (
          <Time at={latest} />
        ) : kept.isError ? (
          texts.checkpointsForAdmins
        ) : kept.data && !kept.data.signed ? (
          texts.notSigned
        ) : (
          texts.noCheckpoint
        )}
      </Text>
      <Button size="xs" variant="default" loading={take.isPending} onClick={() => take.mutate()}>
        {texts.takeCheckpoint}
      </Button>
      {take.isError && <Failure error={take.error} />}
    </Group>
  )
}
