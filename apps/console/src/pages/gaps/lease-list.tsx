import type { GapMap } from '@ordinal/client'
import { useNavigate } from '@tanstack/react-router'
import { DataTable } from '../../ui/data-table'
import { useNumberFormats } from '../../ui/numbers'
import { Card } from '../../ui/page'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { NumberLink } from './number-link'
import { useGapsTexts } from './texts'

interface LeaseListProps {
  prefix: string
  /** The first of those in view. */
  leases: GapMap['leases']
  /** How many the period has. */
  of: number
}

/** Values that somebody holds, and until when. */
export function LeaseList({ prefix, leases, of }: LeaseListProps) {
  const shared = useTexts()
  const texts = useGapsTexts()
  const { count } = useNumberFormats()
  const navigate = useNavigate()
  return (
    <Card title={texts.reserved}>
      <DataTable
        label={texts.reserved}
        rows={leases}
        keyOf={({ counter }) => counter}
        onOpen={({ full_number }) =>
          void navigate({ to: '/numbers/$number', params: { number: full_number }, search: { prefix } })
        }
        columns={[
          {
            id: 'number',
            header: texts.number,
            cell: ({ full_number }) => <NumberLink number={full_number} prefix={prefix} />,
          },
          { id: 'who', header: texts.who, cell: ({ caller }) => caller },
          { id: 'since', header: texts.since, cell: ({ at }) => <Time at={at} /> },
          { id: 'until', header: texts.until, cell: ({ expires_at }) => <Time at={expires_at} /> },
        ]}
        footer={<p className="tone-quiet count">{shared.inViewOf(count(leases.length), count(of))}</p>}
      />
    </Card>
  )
}
