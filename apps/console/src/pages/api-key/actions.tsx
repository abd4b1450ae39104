import { useState } from 'react'
import { TextInput } from '@mantine/core'
import type { ApiKey } from '@ordinal/client'
import { useNavigate } from '@tanstack/react-router'
import { ordinal } from '../../api/ordinal'
import { ActionButtons, type Action } from '../../ui/action-buttons'
import { localInputOf } from '../../ui/local-input'
import { useChange } from '../../ui/mutate'
import { useRotation } from '../../ui/use-rotation'
import { useApiKeysTexts } from '../api-keys/texts'

const changes = ['api-keys']

/** What an administrator does with a key that is valid. Each has its reason on record. */
export function Actions({ apiKey }: { apiKey: ApiKey }) {
  const texts = useApiKeysTexts()
  const navigate = useNavigate()
  const { id, name, version, state, expires_at } = apiKey
  const rotation = useRotation({
    label: texts.rotate,
    title: texts.rotateTitle(name),
    consequence: texts.rotateWill,
    asksReason: true,
    run: ({ overlapSeconds, reason }) =>
      ordinal().apiKeys.rotate(id, { overlap_seconds: overlapSeconds, reason }),
    secretOf: ({ key }) => key,
    changes,
    secretName: texts.secret,
    onSeen: ({ api_key }) => void navigate({ to: '/api-keys/$id', params: { id: api_key.id } }),
  })
  const end = useEnd({ id, name, version, expires_at })
  const revoke = useChange({
    run: (reason: string) => ordinal().apiKeys.revoke(id, { reason }),
    changes,
    done: () => texts.revoked(name),
  })
  const actions: Action[] = [
    { ...rotation.action, isMain: true },
    end,
    {
      label: texts.revoke,
      question: { title: texts.revokeTitle(name, id), consequence: texts.revokeWill, dangerous: true },
      change: revoke,
      run: revoke.mutate,
    },
  ]
  return (
    <>
      {/* Of a key that ends by being rotated the new one is still to be shown. */}
      <ActionButtons role="admin" actions={state === 'active' ? actions : []} />
      {rotation.dialog}
    </>
  )
}

/** Changes the end of the key that is shown, if nobody else has changed it meanwhile. */
function useEnd({
  id,
  name,
  version,
  expires_at,
}: Pick<ApiKey, 'id' | 'name' | 'version' | 'expires_at'>): Action {
  const texts = useApiKeysTexts()
  const [end, setEnd] = useState(expires_at ? localInputOf(new Date(expires_at)) : '')
  const change = useChange({
    run: (reason: string) =>
      ordinal().apiKeys.update(
        id,
        { expires_at: end ? new Date(end).toISOString() : null, reason },
        { ifVersion: version },
      ),
    changes,
    done: () => texts.endSet,
  })
  const field = (
    <TextInput
      type="datetime-local"
      label={texts.expires}
      description={texts.expiresHelp}
      value={end}
      onChange={(event) => setEnd(event.currentTarget.value)}
    />
  )
  return {
    label: texts.setEnd,
    question: { title: texts.setEndTitle(name), consequence: texts.setEndWill, fields: field },
    change,
    run: change.mutate,
  }
}
