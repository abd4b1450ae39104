import { useNavigate, getRouteApi } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { sequenceOf } from '../../api/sequence-queries'
import { Page } from '../../ui/page'
import { QueryState } from '../../ui/states'
import { useTexts } from '../../ui/texts'
import { RulesForm } from './rules-form'
import { useRulesTexts } from './texts'

const route = getRouteApi('/sequences/$prefix/rules')

export function RulesPage() {
  const { prefix } = route.useParams()
  const shared = useTexts()
  const texts = useRulesTexts()
  // What is edited is what was read when the page was opened: somebody else's change is found when it is saved.
  const query = useQuery({ ...sequenceOf(prefix), staleTime: Infinity })
  return (
    <Page title={texts.edit(prefix)} about={texts.about}>
      <QueryState query={query} others={{ to: '/sequences', name: shared.sequences }}>
        {(sequence) => (
          <RulesForm key={sequence.version} sequence={sequence} onReload={() => void query.refetch()} />
        )}
      </QueryState>
    </Page>
  )
}

export function NewSequencePage() {
  const texts = useRulesTexts()
  const navigate = useNavigate()
  return (
    <Page title={texts.make}>
      <RulesForm sequence={undefined} onReload={() => void navigate({ to: '/sequences' })} />
    </Page>
  )
}
