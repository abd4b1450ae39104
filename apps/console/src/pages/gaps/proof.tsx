import { useState } from 'react'
import { Button, Group, Text, Title } from '@mantine/core'
import type { Verification } from '@ordinal/client'
import { IconShieldCheck } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { asViewer } from '../../api/allowed'
import { ordinal } from '../../api/ordinal'
import { useNumberFormats } from '../../ui/numbers'
import { FormError } from '../../ui/form-error'
import { useExplainedTexts } from './explained-texts'
import { useMoment } from './use-moment'

/** Computes the hash chains of the period again; what comes out is printed. */
export function Proof({ prefix, period }: { prefix: string; period: string }) {
  const texts = useExplainedTexts()
  const moment = useMoment()
  const [at, setAt] = useState('')
  const verify = useMutation({
    mutationFn: () => asViewer(() => ordinal().audit.verify({ prefix, period })),
    onSuccess: () => setAt(new Date().toISOString()),
  })
  return (
    <section>
      <Title order={3}>{texts.proof}</Title>
      {verify.data ? (
        <Result of={verify.data} at={moment(at)} />
      ) : (
        <Group my="xs">
          <Text>{texts.notVerified}</Text>
          <Button
            className="no-print"
            variant="default"
            size="xs"
            loading={verify.isPending}
            leftSection={<IconShieldCheck size={14} />}
            onClick={() => verify.mutate()}
          >
            {texts.verify}
          </Button>
        </Group>
      )}
      <FormError error={verify.error} />
      <Text>{texts.proven}</Text>
      <Text mt="xs">{texts.notProven}</Text>
    </section>
  )
}

function Result({ of, at }: { of: Verification; at: string }) {
  const texts = useExplainedTexts()
  const { count } = useNumberFormats()
  return (
    <div role="status" data-fits={of.fits}>
      <Text my="xs" fw={600} className={of.fits ? 'tone-ok' : 'tone-bad'}>
        {of.fits
          ? texts.fits(at, count(of.rows), count(of.batches))
          : texts.fitsNot(at, count(of.finding_count))}
      </Text>
      <ul>
        {of.findings.map(({ detail }) => (
          <li key={detail}>{detail}</li>
        ))}
      </ul>
    </div>
  )
}
