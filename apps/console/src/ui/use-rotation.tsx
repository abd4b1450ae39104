import { useState } from 'react'
import type { Action } from './action-buttons'
import { Choice } from './choice'
import { useChange } from './mutate'
import { SecretDialog } from './secret-dialog'
import { useTexts } from './texts'

interface Rotation<Made> {
  label: string
  /** Names whose secret it is. */
  title: string
  consequence: string
  asksReason: boolean
  run: (asked: { overlapSeconds: number; reason: string }) => Promise<Made>
  secretOf: (made: Made) => string
  /** The kinds of things that are read again after it. */
  changes: readonly string[]
  /** What the new secret is called. */
  secretName: string
  /** Once the new secret was seen. */
  onSeen?: (made: Made) => void
}

type Overlap = '0' | '3600' | '86400' | '604800'

/** Another secret in place of one, both valid for a while: the action, and the dialog that shows the new one once. */
export function useRotation<Made>(of: Rotation<Made>) {
  const texts = useTexts()
  const [overlap, setOverlap] = useState<Overlap>('86400')
  const [made, setMade] = useState<Made>()
  const change = useChange({
    run: (reason: string) => of.run({ overlapSeconds: Number(overlap), reason }),
    changes: of.changes,
    onDone: setMade,
  })
  const action: Action = {
    label: of.label,
    question: {
      title: of.title,
      consequence: of.consequence,
      asksReason: of.asksReason,
      fields: <Choice label={texts.overlap} value={overlap} names={texts.overlaps} onChange={setOverlap} />,
    },
    change,
    run: change.mutate,
  }
  const dialog = (
    <SecretDialog
      secret={made && of.secretOf(made)}
      title={of.secretName}
      onClose={() => {
        setMade(undefined)
        if (made) of.onSeen?.(made)
      }}
    />
  )
  return { action, dialog }
}
