import { startTransition, useEffect, useState } from 'react'
import { onLiveEvents, useIsLive } from '../../api/live'
import { LineChart } from '../../ui/late-charts'
import { Card } from '../../ui/page'
import { useSequenceTexts } from './texts'

const keptSeconds = 120
const secondOf = (moment: string) => Math.floor(Date.parse(moment) / 1000)

/**
 * How many numbers of one sequence were drawn in each of the last two minutes' seconds, counted from the live stream. The time is the
 * service's: the browser's clock may be wrong, and a busy or hidden page misses some seconds, so that all are drawn each time.
 */
export function IssuingChart({ prefix }: { prefix: string }) {
  const texts = useSequenceTexts()
  const isLive = useIsLive()
  const [points, setPoints] = useState<readonly { at: number; value: number }[]>([])
  useEffect(() => {
    const counted = new Map<number, number>()
    let firstHeard: number | undefined
    const draw = (at: string) => {
      // The second that the service is in is not over yet.
      const end = secondOf(at)
      firstHeard ??= end
      const start = Math.max(firstHeard, end - keptSeconds)
      for (const second of counted.keys()) if (second < start) counted.delete(second)
      const drawn = Array.from({ length: end - start }, (_, index) => {
        const second = start + index
        return { at: second * 1000, value: counted.get(second) ?? 0 }
      })
      startTransition(() => setPoints(drawn))
    }
    return onLiveEvents(
      (events) => {
        for (const { prefix: of, event, count, at } of events)
          if (of === prefix && (event === 'issue' || event === 'reserve')) {
            const second = secondOf(at)
            firstHeard ??= second
            counted.set(second, (counted.get(second) ?? 0) + count)
          }
      },
      undefined,
      draw,
    )
  }, [prefix])
  return (
    <Card title={texts.issuing}>
      <div data-live={isLive ? 'live' : undefined}>
        <LineChart label={texts.issuing} points={points} height={140} />
      </div>
    </Card>
  )
}
