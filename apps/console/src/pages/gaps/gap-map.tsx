import { useState, type KeyboardEvent, type PointerEvent } from 'react'
import { ActionIcon, Button, Group, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { GapMap } from '@ordinal/client'
import { IconChevronLeft, IconChevronRight, IconGridDots, IconTable, IconZoomOut } from '@tabler/icons-react'
import { DataTable } from '../../ui/data-table'
import { useNumberFormats } from '../../ui/numbers'
import { useTexts } from '../../ui/texts'
import {
  besideOf,
  cellAt,
  cellCountOf,
  cellSize,
  mostCells,
  pathsOf,
  ringSize,
  ringWidth,
  unheldStates,
  widerThan,
  type Cell,
} from './map-layout'
import { useGapsTexts } from './texts'

interface GapMapPictureProps {
  map: GapMap
  /** Shows another stretch; all if undefined. */
  onStretch: (stretch: { from: number; to: number } | undefined) => void
  /** A cell of one value was chosen. */
  onValue: (cell: Cell) => void
}

/** All values of a stretch as cells, in which what is not issued can be seen, and which lead to their own values. */
export function GapMapPicture({ map, onStretch, onValue }: GapMapPictureProps) {
  const texts = useGapsTexts()
  const shared = useTexts()
  const describe = useDescription(map)
  const [asTable, setAsTable] = useState(false)
  const open = (cell: Cell) =>
    map.bucket_size === 1 ? onValue(cell) : onStretch({ from: cell.from, to: cell.to })
  const isWhole = map.from <= map.first_value && map.to >= map.last_value
  const [before, after] = [besideOf(map, -1), besideOf(map, 1)]
  return (
    <>
      <Group justify="space-between" mb="xs" gap="xs">
        <Legend isSingle={map.bucket_size === 1} />
        <Group gap={4}>
          <Tooltip label={texts.stretchBefore}>
            <ActionIcon
              variant="default"
              aria-label={texts.stretchBefore}
              disabled={isWhole || !before}
              onClick={() => onStretch(before)}
            >
              <IconChevronLeft size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={texts.stretchAfter}>
            <ActionIcon
              variant="default"
              aria-label={texts.stretchAfter}
              disabled={isWhole || !after}
              onClick={() => onStretch(after)}
            >
              <IconChevronRight size={16} />
            </ActionIcon>
          </Tooltip>
          <Button
            variant="default"
            size="xs"
            disabled={isWhole}
            leftSection={<IconZoomOut size={14} />}
            onClick={() => onStretch(widerThan(map, mostCells))}
          >
            {texts.zoomOut}
          </Button>
          <Tooltip label={asTable ? texts.asPicture : shared.chartAsTable}>
            <ActionIcon
              variant="default"
              aria-label={asTable ? texts.asPicture : shared.chartAsTable}
              onClick={() => setAsTable(!asTable)}
            >
              {asTable ? <IconGridDots size={16} /> : <IconTable size={16} />}
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      {asTable ? (
        <CellTable map={map} onOpen={open} />
      ) : (
        <Picture map={map} describe={describe} onOpen={open} />
      )}
    </>
  )
}

interface PictureProps {
  map: GapMap
  describe: (cell: Cell) => string
  onOpen: (cell: Cell) => void
}

/** A slider over the cells: arrows go from one to another, Enter leads into one. */
function Picture({ map, describe, onOpen }: PictureProps) {
  const texts = useGapsTexts()
  const columns = useMediaQuery('(max-width: 48em)') ? 25 : 50
  const count = cellCountOf(map)
  // In another stretch the first cell is chosen, and stays so while numbers are issued at its end.
  const [chosen, setChosen] = useState({ from: map.from, index: 0 })
  const cell = cellAt(map, chosen.from === map.from ? Math.min(chosen.index, count - 1) : 0)
  const choose = (index: number) =>
    setChosen({ from: map.from, index: Math.max(0, Math.min(count - 1, index)) })
  const rows = Math.ceil(count / columns)
  const paths = pathsOf(map, columns)
  const cellUnder = ({ currentTarget, clientX, clientY }: PointerEvent<HTMLElement>) => {
    const box = currentTarget.getBoundingClientRect()
    const unit = box.width / columns
    const index = Math.floor((clientY - box.top) / unit) * columns + Math.floor((clientX - box.left) / unit)
    return Math.max(0, Math.min(count - 1, index))
  }
  const move = (event: KeyboardEvent) => {
    const steps = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -count,
      End: count,
    }
    const step = steps[event.key as keyof typeof steps]
    if (step !== undefined) choose(cell.index + step)
    else if (event.key === 'Enter') onOpen(cell)
    else return
    event.preventDefault()
  }
  return (
    <>
      <div
        className="gap-map"
        role="slider"
        tabIndex={0}
        aria-label={texts.picture}
        aria-valuemin={map.from}
        aria-valuemax={map.to}
        aria-valuenow={cell.from}
        aria-valuetext={describe(cell)}
        onKeyDown={move}
        onPointerMove={(event) => choose(cellUnder(event))}
        onClick={(event) => onOpen(cellAt(map, cellUnder(event as unknown as PointerEvent<HTMLElement>)))}
      >
        <svg viewBox={`0 0 ${columns * cellSize} ${rows * cellSize}`} aria-hidden>
          <path d={paths.all} className="gap-used" />
          {unheldStates.map((state) => (
            <path key={state} d={paths[state]} className={`gap-${state}`} fillRule="evenodd" />
          ))}
          <rect
            className="gap-chosen"
            x={(cell.index % columns) * cellSize - ringWidth}
            y={Math.floor(cell.index / columns) * cellSize - ringWidth}
            width={ringSize}
            height={ringSize}
          />
        </svg>
      </div>
      <p className="tone-quiet gap-about">{describe(cell)}</p>
    </>
  )
}

function Legend({ isSingle }: { isSingle: boolean }) {
  const shared = useTexts()
  const texts = useGapsTexts()
  const draw = (state: (typeof unheldStates)[number]) => {
    const bucket = { from: 1, free: 0, void: 0, reserved: 0, [state]: 1 }
    return pathsOf({ from: 1, to: 1, bucket_size: 1, buckets: [bucket] }, 1)[state]
  }
  return (
    <Group gap="md" className="tone-quiet" component="ul" p={0} m={0}>
      {unheldStates.map((state, place) => (
        <Group key={state} gap={6} component="li" className="legend">
          <svg viewBox="0 0 10 10" width={12} height={12} aria-hidden>
            <path d="M0 0h10v10h-10z" className="gap-used" />
            <path
              d={isSingle ? draw(state) : `M${(place * 10) / 3} 0h3.33v10h-3.33z`}
              className={`gap-${state}`}
              fillRule="evenodd"
            />
          </svg>
          {shared.states[state]}
        </Group>
      ))}
      <Group gap={6} component="li" className="legend">
        <svg viewBox="0 0 10 10" width={12} height={12} aria-hidden>
          <path d="M0 0h10v10h-10z" className="gap-used" />
        </svg>
        {texts.inUse}
      </Group>
    </Group>
  )
}

/** The same for those who read rather than see it: the stretches with anything. */
function CellTable({ map, onOpen }: { map: GapMap; onOpen: (cell: Cell) => void }) {
  const shared = useTexts()
  const texts = useGapsTexts()
  const { count } = useNumberFormats()
  const cells = map.buckets.map(({ from }) => cellAt(map, (from - map.from) / map.bucket_size))
  const isFull = (of: number) =>
    map.bucket_size > 1 && of >= map.counted_to && map.counted_to < map.bucket_size
  return (
    <div className="gap-table">
      <DataTable
        label={texts.picture}
        rows={cells}
        keyOf={({ from }) => from}
        onOpen={onOpen}
        columns={[
          {
            id: 'values',
            header: texts.values,
            cell: (cell) => (
              <Button variant="subtle" size="compact-xs" onClick={() => onOpen(cell)}>
                {cell.from === cell.to ? count(cell.from) : `${count(cell.from)} – ${count(cell.to)}`}
              </Button>
            ),
          },
          ...unheldStates.map((state) => ({
            id: state,
            header: shared.states[state],
            align: 'right' as const,
            cell: (cell: Cell) => `${isFull(cell[state]) ? '≥ ' : ''}${count(cell[state])}`,
          })),
        ]}
      />
    </div>
  )
}

/** A cell in words. */
function useDescription(map: GapMap): (cell: Cell) => string {
  const texts = useGapsTexts()
  const shared = useTexts()
  const { count } = useNumberFormats()
  return (cell) => {
    const states = unheldStates.filter((state) => cell[state] > 0)
    if (map.bucket_size === 1)
      return texts.oneValue(count(cell.from), states[0] ? shared.states[states[0]] : texts.inUse)
    const parts = states.map((state) => `${count(cell[state])} ${shared.states[state]}`)
    return texts.manyValues(
      count(cell.from),
      count(cell.to),
      parts.length > 0 ? parts.join(', ') : texts.allInUse,
    )
  }
}
