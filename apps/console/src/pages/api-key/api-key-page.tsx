import type { ApiKey } from '@ordinal/client'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { apiKeyOf } from '../../api/operation-queries'
import { CopyMenu } from '../../ui/copy-menu'
import { Card, Mono, Page } from '../../ui/page'
import { dataOf, QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { Time } from '../../ui/time'
import { KeyBadge } from '../api-keys/key-badge'
import { useApiKeysTexts } from '../api-keys/texts'
import { Actions } from './actions'

const route = getRouteApi('/api-keys/$id')

export function ApiKeyPage() {
  const shared = useTexts()
  const texts = useApiKeysTexts()
  const { id } = route.useParams()
  const query = useQuery(apiKeyOf(id))
  const key = dataOf(query)
  return (
    <Page
      title={`${texts.title} ${key?.name ?? id}`}
      badge={key && <KeyBadge state={key.state} />}
      actions={
        key && (
          <>
            <CopyMenu
              call={{
                service: 'sequencer',
                path: `/api/v1/api-keys/${id}`,
                code: `ordinal.apiKeys.get(${JSON.stringify(id)})`,
              }}
              json={key}
            />
            <Actions key={key.id} apiKey={key} />
          </>
        )
      }
    >
      <QueryState query={query} others={{ to: '/api-keys', name: shared.apiKeys }}>
        {(found) => <Facts apiKey={found} />}
      </QueryState>
    </Page>
  )
}

function Facts({ apiKey }: { apiKey: ApiKey }) {
  const texts = useApiKeysTexts()
  const { id, scopes, expires_at, last_used_at, replaces, reason } = apiKey
  const { created_at, created_by, changed_at, changed_by } = apiKey
  return (
    <Card title={texts.facts}>
      <dl className="facts">
        <dt>{texts.id}</dt>
        <dd>
          <Mono>{id}</Mono>
        </dd>
        <dt>{texts.scopes}</dt>
        <dd>{scopes ? <Mono>{scopes.join(', ')}</Mono> : texts.noScopes}</dd>
        <dt>{texts.lastUse}</dt>
        <dd>{last_used_at ? <Time at={last_used_at} /> : texts.never}</dd>
        <dt>{texts.expires}</dt>
        <dd>{expires_at ? <Time at={expires_at} /> : texts.neverEnds}</dd>
        {replaces && (
          <>
            <dt>{texts.replaces}</dt>
            <dd>
              <Link to="/api-keys/$id" params={{ id: replaces }} className="link mono">
                {replaces}
              </Link>
            </dd>
          </>
        )}
        <dt>{texts.madeAt}</dt>
        <dd>
          <Time at={created_at} /> {texts.by(created_by)}
        </dd>
        <dt>{texts.changed}</dt>
        <dd>
          <Time at={changed_at} /> {texts.by(changed_by)}
        </dd>
        {reason && (
          <>
            <dt>{texts.why}</dt>
            <dd>“{reason}”</dd>
          </>
        )}
      </dl>
    </Card>
  )
}
