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
    const timer = setInterval(() => {
      const now = Math.floor(Date.now() / 1000) - 1
      for (const second of counted.keys()) if (second < now - keptSeconds) counted.delete(second)
      const draw = (before: readonly { at: number }[]) =>
        [...before.filter(({ at }) => at > (now - keptSeconds) * 1000), { at: now * 1000 }].map(({ at }) => ({
          at,
          value: counted.get(at / 1000) ?? 0,
        }))
      startTransition(() => setPoints(draw))
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
