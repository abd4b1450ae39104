import { Button, Group } from '@mantine/core'
import type { DeadLetter } from '@ordinal/client'
import { getRouteApi } from '@tanstack/react-router'
import { CopyMenu } from '../../ui/copy-menu'
import { Card } from '../../ui/page'
import { useEventsTexts } from './texts'

const route = getRouteApi('/events')

/** All of a dead letter: why it died, and the event as it was to be delivered. */
export function Letter({ letter }: { letter: DeadLetter }) {
  const texts = useEventsTexts()
  const navigate = route.useNavigate()
  const { id, reason, event } = letter
  return (
    <Card
      title={texts.letter(id)}
      actions={
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            onClick={() => void navigate({ search: ({ letter: _, ...rest }) => rest })}
          >
            {texts.close}
          </Button>
          <CopyMenu
            call={{
              service: 'orders',
              method: 'POST',
              path: '/api/v1/events/dead-letters/replay',
              body: { id },
              code: `ordinal.events.replayDeadLettersOf(${JSON.stringify({ id })})`,
            }}
            json={letter}
          />
        </Group>
      }
    >
      <p className="long-text">{reason}</p>
      <pre className="json" tabIndex={0}>
        {JSON.stringify(event, null, 2)}
      </pre>
    </Card>
  )
}
