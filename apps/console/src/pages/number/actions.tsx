import type { NumberWithHistory } from '@ordinal/client'
import { ordinal } from '../../api/ordinal'
import { ActionButtons, type Action } from '../../ui/action-buttons'
import { useChange } from '../../ui/mutate'
import { useNumberTexts } from './texts'

type Step = 'confirm' | 'release' | 'void'

const possible: Record<NumberWithHistory['state'], readonly Step[]> = {
  reserved: ['confirm', 'release'],
  issued: ['release', 'void'],
  free: [],
  void: [],
}

/**
 * Whether callers who are not signed in may confirm or release a number while the sequencer is open: if it was drawn without a key or
 * a token, and not confirmed since. The service also checks the release window, and whether the sequence is sealed.
 */
function isOpenToStrangers({ history }: NumberWithHistory): boolean {
  const { event, caller } = history.at(-1)!
  return caller === 'anonymous' && event !== 'confirm'
}

/** What can be done with a number in its state. The service decides whether whoever asks may. */
export function Actions({ number }: { number: NumberWithHistory }) {
  const texts = useNumberTexts()
  const { full_number, prefix, state } = number
  const change = useChange({
    run: async ({ step, reason }: { step: Step; reason: string }) => {
      const { numbers } = ordinal()
      if (step === 'confirm') await numbers.confirm(full_number, { prefix })
      if (step === 'release') await numbers.release(full_number, { prefix, reason })
      if (step === 'void') await numbers.void(full_number, { prefix, reason })
      return step
    },
    changes: ['numbers'],
    done: (step) =>
      ({ confirm: texts.confirmed, release: texts.released, void: texts.voided })[step](full_number),
  })
  const questions = {
    release: { title: texts.releaseTitle(full_number), consequence: texts.releaseWill, dangerous: true },
    void: { title: texts.voidTitle(full_number), consequence: texts.voidWill, dangerous: true },
  }
  const actionOf = (step: Step): Action => ({
    label: texts[step],
    ...(step === 'confirm' ? { isMain: true } : { question: questions[step] }),
    change,
    run: (reason) => change.mutate({ step, reason }),
  })
  const steps = possible[state]
  return (
    <>
      <ActionButtons
        role="operator"
        openIn={isOpenToStrangers(number) ? 'sequencer' : undefined}
        actions={steps.filter((step) => step !== 'void').map(actionOf)}
      />
      <ActionButtons role="operator" actions={steps.filter((step) => step === 'void').map(actionOf)} />
    </>
  )
}
