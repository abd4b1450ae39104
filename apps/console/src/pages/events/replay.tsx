import type { DeadLetterFilter } from '@ordinal/client'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { useNumberFormats } from '../../ui/numbers'
import { ReasonDialog } from '../../ui/reason-dialog'
import { useEventsTexts } from './texts'

interface ReplayProps {
  which: DeadLetterFilter
  /** Names what is delivered again. */
  title: string
  consequence: string
  onClose: () => void
}

/** Delivers dead letters again, once the consequence is read. */
export function Replay({ which, title, consequence, onClose }: ReplayProps) {
  const texts = useEventsTexts()
  const { count } = useNumberFormats()
  const replay = useChange({
    run: () => ordinal().events.replayDeadLettersOf(which),
    changes: ['events', 'traffic'],
    done: ({ replayed }) => (replayed === 0 ? texts.nothingToReplay : texts.replayed(count(replayed))),
    onDone: onClose,
  })
  return (
    <ReasonDialog
      opened
      title={title}
      consequence={consequence}
      action={texts.replay}
      asksReason={false}
      error={replay.error}
      isPending={replay.isPending}
      onClose={onClose}
      onConfirm={() => replay.mutate(undefined)}
    />
  )
}
