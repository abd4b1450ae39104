import { Button, Group } from '@mantine/core'
import { useTexts } from './texts'

/** Below a list of which there may be more: how many are in view, and a button for the rest. */
export function More({ shown, hasMore, onMore }: { shown: number; hasMore: boolean; onMore: () => void }) {
  const texts = useTexts()
  return (
    <Group justify="space-between" mt="sm">
      <span className="tone-quiet">{texts.inView(shown)}</span>
      {hasMore && (
        <Button variant="default" size="xs" onClick={onMore}>
          {texts.more}
        </Button>
      )}
    </Group>
  )
}
