import { useState } from 'react'
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import type { Webhook } from '@ordinal/client'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { useChange } from '../../ui/mutate'
import { useNumberFormats } from '../../ui/numbers'
import { NeedsRole } from '../../ui/page'
import { FormError } from '../../ui/form-error'
import { ReasonDialog } from '../../ui/reason-dialog'
import { SecretDialog } from '../../ui/secret-dialog'
import { localInputOf } from '../../ui/local-input'
import { useWebhooksTexts } from '../webhooks/texts'

type Action = 'off' | 'rotate' | 'replay' | 'remove'
const dayMs = 86_400_000

/** What an administrator does with a webhook. Changes are of the version that is shown: another one is not overwritten. */
export function Actions({ webhook }: { webhook: Webhook }) {
  const texts = useWebhooksTexts()
  const formats = useNumberFormats()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<Action>()
  const [secret, setSecret] = useState<string>()
  const [overlap, setOverlap] = useState<keyof typeof texts.overlaps>('86400')
  const [since, setSince] = useState(() => localInputOf(new Date(Date.now() - dayMs)))
  const { id, url, version, enabled } = webhook
  const close = () => setAsked(undefined)
  const changes = ['webhooks']
  const all = () => ordinal().webhooks
  const onDone = close

  const test = useChange({ run: () => all().test(id), changes, done: () => texts.tested })
  const turn = useChange({
    run: (on: boolean) => all().update(id, { enabled: on }, { ifVersion: version }),
    changes,
    done: ({ enabled: on }) => (on ? texts.switchedOn : texts.switchedOff)(url),
    onDone,
  })
  const rotate = useChange({
    run: () => all().rotate(id, { overlap_seconds: Number(overlap) }, { ifVersion: version }),
    changes,
    onDone: (made) => {
      close()
      setSecret(made.secret)
    },
  })
  const replay = useChange({
    run: () => all().replay(id, { since: new Date(since).toISOString() }),
    changes,
    done: ({ replayed }) => texts.replayed(formats.count(replayed)),
    onDone,
  })
  const remove = useChange({
    run: () => all().delete(id, { ifVersion: version }),
    changes: [],
    done: () => texts.removed(url),
    // Only then: this page asks for what is no more.
    onDone: () =>
      void navigate({ to: '/webhooks' }).then(() =>
        queries.invalidateQueries({ queryKey: ['webhooks', 'list'] }),
      ),
  })
  const dialogs = {
    off: { title: texts.offTitle(url), will: texts.offWill, action: texts.switchOff, change: turn },
    rotate: { title: texts.rotateTitle(url), will: texts.rotateWill, action: texts.rotate, change: rotate },
    replay: { title: texts.replayTitle(url), will: texts.replayWill, action: texts.replay, change: replay },
    remove: { title: texts.removeTitle(url), will: texts.removeWill, action: texts.remove, change: remove },
  }
  const dialog = asked && dialogs[asked]
  const ask = (action: Action) => () => {
    dialogs[action].change.reset()
    setAsked(action)
  }
  return (
    <NeedsRole role="admin">
      {(allowed) => (
        <>
          <Button
            disabled={!allowed || !enabled}
            loading={test.isPending}
            onClick={() => test.mutate(undefined)}
          >
            {texts.test}
          </Button>
          <Button variant="default" disabled={!allowed} onClick={ask('rotate')}>
            {texts.rotate}
          </Button>
          <Button variant="default" disabled={!allowed} onClick={ask('replay')}>
            {texts.replaySince}
          </Button>
          <Button
            variant="default"
            disabled={!allowed}
            loading={turn.isPending}
            onClick={enabled ? ask('off') : () => turn.mutate(true)}
          >
            {enabled ? texts.switchOff : texts.switchOn}
          </Button>
          <Button variant="default" disabled={!allowed} onClick={ask('remove')}>
            {texts.remove}
          </Button>
          <FormError error={test.error ?? (asked ? undefined : turn.error)} />
          {dialog && (
            <ReasonDialog
              opened
              title={dialog.title}
              consequence={dialog.will}
              action={dialog.action}
              asksReason={false}
              dangerous={asked === 'remove' || asked === 'off'}
              error={dialog.change.error}
              isPending={dialog.change.isPending}
              onClose={close}
              onConfirm={() => {
                if (asked === 'off') turn.mutate(false)
                else (dialog.change as typeof replay).mutate(undefined)
              }}
            >
              {asked === 'rotate' && (
                <SegmentedControl
                  aria-label={texts.overlap}
                  value={overlap}
                  onChange={setOverlap}
                  data={Object.entries(texts.overlaps).map(([value, label]) => ({
                    value: value as typeof overlap,
                    label,
                  }))}
                />
              )}
              {asked === 'replay' && (
                <TextInput
                  data-autofocus
                  type="datetime-local"
                  label={texts.replaySinceLabel}
                  required
                  value={since}
                  onChange={(event) => setSince(event.currentTarget.value)}
                />
              )}
            </ReasonDialog>
          )}
          <SecretDialog secret={secret} title={texts.secret} onClose={() => setSecret(undefined)} />
        </>
      )}
    </NeedsRole>
  )
}
