import { Button, Group, Stack, Text } from '@mantine/core'
import type { DrawnNumber, Site } from '@ordinal/client'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { Card, NeedsRole } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { invoiceTypes, type InvoiceType } from '../../api/site-queries'
import { useTexts } from '../../ui/texts'

interface SiteButtonsProps {
  site: Site
  onDrawn: (number: DrawnNumber) => void
}

/** A button for each partition and type of a site, which draws a number as a program of that site would. */
export function SiteButtons({ site: { site_id, partitions, simulation }, onDrawn }: SiteButtonsProps) {
  const texts = useTexts()
  const draw = useChange({
    run: (asked: { partition_id: string; invoice_type: InvoiceType }) =>
      ordinal().sites.draw({ site_id, ...asked }),
    changes: ['numbers'],
    onDone: onDrawn,
  })
  return (
    <Card title={site_id}>
      <NeedsRole role="operator" openIn="sequencer" saysWhy>
        {(allowed, whyNot) => (
          <Stack gap="sm">
            {partitions.map((partition_id) => (
              <div key={partition_id} role="group" aria-label={`${site_id} ${partition_id}`}>
                <Text size="sm" c="dimmed" mb={4}>
                  {partition_id}
                </Text>
                <Group gap="xs">
                  {invoiceTypes.map((invoice_type) => (
                    <Button
                      key={invoice_type}
                      size="xs"
                      variant={invoice_type === 'on-cycle' ? 'filled' : 'default'}
                      disabled={!allowed || (invoice_type === 'simulated' && !simulation)}
                      aria-describedby={whyNot}
                      onClick={() => draw.mutate({ partition_id, invoice_type })}
                    >
                      {texts.invoiceTypes[invoice_type]}
                    </Button>
                  ))}
                </Group>
              </div>
            ))}
          </Stack>
        )}
      </NeedsRole>
      {draw.error && (
        <Stack mt="sm">
          <FormError error={draw.error} />
        </Stack>
      )}
    </Card>
  )
}
