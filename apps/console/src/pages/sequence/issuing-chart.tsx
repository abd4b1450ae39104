import { startTransition, useEffect, useState } from 'react'
import { onLiveEvents, useIsLive } from '../../api/live'
import { LineChart } from '../../ui/late-charts'
import { Card } from '../../ui/page'
import { useSequenceTexts } from './texts'

const keptSeconds = 120

/** How many numbers of one sequence were drawn in each of the last two minutes' seconds, counted from the live stream. */
export function IssuingChart({ prefix }: { prefix: string }) {
  const texts = useSequenceTexts()
  const isLive = useIsLive()
  const [points, setPoints] = useState<readonly { at: number; value: number }[]>([])
  useEffect(() => {
    const counted = new Map<number, number>()
    const leave = onLiveEvents((events) => {
      for (const { prefix: of, event, count, at } of events)
        if (of === prefix && (event === 'issue' || event === 'reserve')) {
          const second = Math.floor(Date.parse(at) / 1000)
          counted.set(second, (counted.get(second) ?? 0) + count)
        }
    })
    const opened = Math.floor(Date.now() / 1000)
    const timer = setInterval(() => {
      const last = Math.floor(Date.now() / 1000) - 1
      // All seconds since: a browser that is busy, or shows another tab, leaves out ticks.
      const first = Math.max(opened, last - keptSeconds + 1)
      for (const second of counted.keys()) if (second < first) counted.delete(second)
      const seconds = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
      startTransition(() =>
        setPoints(seconds.map((second) => ({ at: second * 1000, value: counted.get(second) ?? 0 }))),
      )
    }, 1_000)
    return () => {
      leave()
      clearInterval(timer)
    }
  }, [prefix])
  return (
    <Card title={texts.issuing}>
      <div data-live={isLive ? 'live' : undefined}>
        <LineChart label={texts.issuing} points={points} height={140} />
      </div>
    </Card>
  )
}
