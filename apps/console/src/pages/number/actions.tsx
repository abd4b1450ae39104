import { useState } from 'react'
import { Button } from '@mantine/core'
import type { NumberWithHistory } from '@ordinal/client'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { NeedsRole } from '../../ui/page'
import { ReasonDialog } from '../../ui/reason-dialog'
import { useNumberTexts } from './texts'

type Action = 'confirm' | 'release' | 'void'

const possible: Record<NumberWithHistory['state'], readonly Action[]> = {
  reserved: ['confirm', 'release'],
  issued: ['release', 'void'],
  free: [],
  void: [],
}

/** What can be done with a number in its state. The service decides whether whoever asks may. */
export function Actions({ number }: { number: NumberWithHistory }) {
  const texts = useNumberTexts()
  const [asked, setAsked] = useState<Action>()
  const { full_number, prefix, state } = number
  const change = useChange({
    run: async ({ action, reason }: { action: Action; reason: string }) => {
      const { numbers } = ordinal()
      if (action === 'confirm') await numbers.confirm(full_number, { prefix })
      if (action === 'release') await numbers.release(full_number, { prefix, reason })
      if (action === 'void') await numbers.void(full_number, { prefix, reason })
      return action
    },
    changes: ['numbers'],
    done: (action) =>
      ({ confirm: texts.confirmed, release: texts.released, void: texts.voided })[action](full_number),
    onDone: () => setAsked(undefined),
  })
  return (
    <NeedsRole role="operator">
      {(allowed) => (
        <>
          {possible[state].map((action) => (
            <Button
              key={action}
              variant={action === 'confirm' ? 'filled' : 'default'}
              disabled={!allowed}
              loading={action === 'confirm' && change.isPending}
              onClick={() => {
                change.reset()
                if (action === 'confirm') change.mutate({ action, reason: '' })
                else setAsked(action)
              }}
            >
              {texts[action]}
            </Button>
          ))}
          <ReasonDialog
            opened={asked !== undefined}
            title={(asked === 'void' ? texts.voidTitle : texts.releaseTitle)(full_number)}
            consequence={asked === 'void' ? texts.voidWill : texts.releaseWill}
            action={asked === 'void' ? texts.void : texts.release}
            dangerous
            error={change.error}
            isPending={change.isPending}
            onClose={() => setAsked(undefined)}
            onConfirm={(reason) => asked && change.mutate({ action: asked, reason })}
          />
        </>
      )}
    </NeedsRole>
  )
}
