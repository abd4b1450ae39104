import { useState } from 'react'
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import type { ApiKey } from '@ordinal/client'
import { useNavigate } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { localInputOf } from '../../ui/local-input'
import { useChange } from '../../ui/mutate'
import { NeedsRole } from '../../ui/page'
import { ReasonDialog } from '../../ui/reason-dialog'
import { SecretDialog } from '../../ui/secret-dialog'
import { useApiKeysTexts } from '../api-keys/texts'

type Action = 'rotate' | 'end' | 'revoke'

/** What an administrator does with a key that is valid. Each has its reason on record. */
export function Actions({ apiKey }: { apiKey: ApiKey }) {
  const texts = useApiKeysTexts()
  const navigate = useNavigate()
  const [asked, setAsked] = useState<Action>()
  const [made, setMade] = useState<{ secret: string; id: string }>()
  const [overlap, setOverlap] = useState<keyof typeof texts.overlaps>('86400')
  const { id, name, version, state, expires_at } = apiKey
  const [end, setEnd] = useState(expires_at ? localInputOf(new Date(expires_at)) : '')
  const close = () => setAsked(undefined)
  const changes = ['api-keys']

  const rotate = useChange({
    run: (reason: string) => ordinal().apiKeys.rotate(id, { overlap_seconds: Number(overlap), reason }),
    changes,
    done: () => texts.made(name),
    onDone: ({ key, api_key }) => {
      close()
      setMade({ secret: key, id: api_key.id })
    },
  })
  const changeEnd = useChange({
    run: (reason: string) =>
      ordinal().apiKeys.update(
        id,
        { expires_at: end ? new Date(end).toISOString() : null, reason },
        { ifVersion: version },
      ),
    changes,
    done: () => texts.endSet,
    onDone: close,
  })
  const revoke = useChange({
    run: (reason: string) => ordinal().apiKeys.revoke(id, { reason }),
    changes,
    done: () => texts.revoked(name),
    onDone: close,
  })
  const dialogs = {
    rotate: {
      title: texts.rotateTitle(name),
      will: texts.rotateWill,
      action: texts.rotate,
      change: rotate,
    },
    end: { title: texts.setEndTitle(name), will: texts.setEndWill, action: texts.setEnd, change: changeEnd },
    revoke: {
      title: texts.revokeTitle(name, id),
      will: texts.revokeWill,
      action: texts.revoke,
      change: revoke,
    },
  }
  const dialog = asked && dialogs[asked]
  // Of a key that ends by being rotated the new one is still to be shown.
  const actions = state === 'active' ? (['rotate', 'end', 'revoke'] as const) : []
  return (
    <NeedsRole role="admin">
      {(allowed) => (
        <>
          {actions.map((action) => (
            <Button
              key={action}
              variant={action === 'rotate' ? 'filled' : 'default'}
              disabled={!allowed}
              onClick={() => {
                dialogs[action].change.reset()
                setAsked(action)
              }}
            >
              {dialogs[action].action}
            </Button>
          ))}
          {dialog && (
            <ReasonDialog
              opened
              title={dialog.title}
              consequence={dialog.will}
              action={dialog.action}
              dangerous={asked === 'revoke'}
              error={dialog.change.error}
              isPending={dialog.change.isPending}
              onClose={close}
              onConfirm={(reason) => dialog.change.mutate(reason)}
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
              {asked === 'end' && (
                <TextInput
                  type="datetime-local"
                  label={texts.expires}
                  description={texts.expiresHelp}
                  value={end}
                  onChange={(event) => setEnd(event.currentTarget.value)}
                />
              )}
            </ReasonDialog>
          )}
          <SecretDialog
            secret={made?.secret}
            title={texts.secret}
            onClose={() => {
              const { id: next } = made!
              setMade(undefined)
              void navigate({ to: '/api-keys/$id', params: { id: next } })
            }}
          />
        </>
      )}
    </NeedsRole>
  )
}
