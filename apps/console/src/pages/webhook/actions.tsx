import { useState } from 'react'
import { TextInput } from '@mantine/core'
import type { Webhook } from '@ordinal/client'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { ActionButtons, type Action } from '../../ui/action-buttons'
import { localInputOf } from '../../ui/local-input'
import { useChange } from '../../ui/mutate'
import { useRotation } from '../../ui/use-rotation'
import { useWebhooksTexts } from '../webhooks/texts'

const dayMs = 86_400_000
const changes = ['webhooks']

/** What an administrator does with a webhook. Changes are of the version that is shown: another one is not overwritten. */
export function Actions({ webhook }: { webhook: Webhook }) {
  const texts = useWebhooksTexts()
  const { id, url, version, enabled } = webhook
  const all = () => ordinal().webhooks
  const test = useChange({ run: () => all().test(id), changes, done: () => texts.tested })
  const turn = useChange({
    run: (on: boolean) => all().update(id, { enabled: on }, { ifVersion: version }),
    changes,
    done: ({ enabled: on }) => (on ? texts.switchedOn : texts.switchedOff)(url),
  })
  const rotation = useRotation({
    label: texts.rotate,
    title: texts.rotateTitle(url),
    consequence: texts.rotateWill,
    asksReason: false,
    run: ({ overlapSeconds }) =>
      all().rotate(id, { overlap_seconds: overlapSeconds }, { ifVersion: version }),
    secretOf: ({ secret }) => secret,
    changes,
    secretName: texts.secret,
  })
  const replay = useReplay(webhook)
  const remove = useRemoval(webhook)
  const off = { title: texts.offTitle(url), consequence: texts.offWill, asksReason: false, dangerous: true }
  const actions: Action[] = [
    { label: texts.test, isMain: true, disabled: !enabled, change: test, run: () => test.mutate(undefined) },
    rotation.action,
    replay,
    {
      label: enabled ? texts.switchOff : texts.switchOn,
      ...(enabled && { question: off }),
      change: turn,
      run: () => turn.mutate(!enabled),
    },
    remove,
  ]
  return (
    <>
      <ActionButtons role="admin" actions={actions} />
      {rotation.dialog}
    </>
  )
}

/** Makes all deliveries since a moment again. */
function useReplay({ id, url }: Webhook): Action {
  const texts = useWebhooksTexts()
  const [since, setSince] = useState(() => localInputOf(new Date(Date.now() - dayMs)))
  const change = useChange({
    run: () => ordinal().webhooks.replay(id, { since: new Date(since).toISOString() }),
    changes,
    done: ({ replayed }) => texts.replayed(replayed),
  })
  const field = (
    <TextInput
      data-autofocus
      type="datetime-local"
      label={texts.replaySinceLabel}
      required
      value={since}
      onChange={(event) => setSince(event.currentTarget.value)}
    />
  )
  return {
    label: texts.replaySince,
    question: {
      title: texts.replayTitle(url),
      consequence: texts.replayWill,
      asksReason: false,
      fields: field,
    },
    change,
    run: () => change.mutate(undefined),
  }
}

function useRemoval({ id, url, version }: Webhook): Action {
  const texts = useWebhooksTexts()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const change = useChange({
    run: () => ordinal().webhooks.delete(id, { ifVersion: version }),
    changes: [],
    done: () => texts.removed(url),
    // Only then: this page asks for what is no more.
    onDone: () =>
      void navigate({ to: '/webhooks' }).then(() =>
        queries.invalidateQueries({ queryKey: ['webhooks', 'list'] }),
      ),
  })
  return {
    label: texts.remove,
    question: {
      title: texts.removeTitle(url),
      consequence: texts.removeWill,
      asksReason: false,
      dangerous: true,
    },
    change,
    run: () => change.mutate(undefined),
  }
}
