import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { ServiceName } from '../api/config'
import { NeedsRole } from './page'

interface MakeButtonProps {
  /** Who may make one. */
  role: 'operator' | 'admin'
  /** The service that lets strangers make one while it is open. */
  openIn?: ServiceName
  label: string
  onClick: () => void
}

/** The button of a list that makes one more of its kind; others see that it is not for them. */
export const MakeButton = ({ role, openIn, label, onClick }: MakeButtonProps) => (
  <NeedsRole role={role} openIn={openIn}>
    {(allowed, whyNot) => (
      <Button
        disabled={!allowed}
        aria-describedby={whyNot}
        leftSection={<IconPlus size={16} />}
        onClick={onClick}
      >
        {label}
      </Button>
    )}
  </NeedsRole>
)
