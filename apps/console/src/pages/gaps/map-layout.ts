import type { GapMap } from '@ordinal/client'

/** What a value can be that no document holds; their order is that of their places in a cell. */
export const unheldStates = ['free', 'reserved', 'void'] as const
export type UnheldState = (typeof unheldStates)[number]

/** How many cells the picture has at most. */
export const mostCells = 500

/** A cell of the picture: a stretch of values. */
export interface Cell {
  index: number
  from: number
  to: number
  free: number
  void: number
  reserved: number
}

type Shown = Pick<GapMap, 'from' | 'to' | 'bucket_size' | 'buckets'>

/** How many cells a stretch has. */
export const cellCountOf = ({ from, to, bucket_size }: Shown) =>
  Math.max(0, Math.ceil((to - from + 1) / bucket_size))

export function cellAt(map: Shown, index: number): Cell {
  const from = map.from + index * map.bucket_size
  const found = map.buckets.find((bucket) => bucket.from === from)
  return {
    free: 0,
    void: 0,
    reserved: 0,
    ...found,
    index,
    from,
    to: Math.min(map.to, from + map.bucket_size - 1),
  }
}

/** The stretch that is so many times as long, around this one, cut to the whole; undefined for the whole itself. */
export function widerThan(
  { from, to, first_value, last_value }: Pick<GapMap, 'from' | 'to' | 'first_value' | 'last_value'>,
  times: number,
): { from: number; to: number } | undefined {
  const wanted = (to - from + 1) * times
  if (wanted >= last_value - first_value + 1) return undefined
  const start = Math.max(first_value, Math.floor((from - first_value) / wanted) * wanted + first_value)
  return { from: start, to: Math.min(last_value, start + wanted - 1) }
}

/** The next stretch of the same length, or the one before; undefined at the end. */
export function besideOf(
  { from, to, first_value, last_value }: Pick<GapMap, 'from' | 'to' | 'first_value' | 'last_value'>,
  step: 1 | -1,
): { from: number; to: number } | undefined {
  const length = to - from + 1
  const start = Math.max(first_value, from + step * length)
  if (start > last_value || (step < 0 && from <= first_value)) return undefined
  return { from: start, to: Math.min(last_value, start + length - 1) }
}

// In units of the drawing.
export const cellSize = 12
const inner = 10
/** How far the ring of the chosen cell is around it. */
export const ringWidth = 0.75
export const ringSize = inner + 2 * ringWidth

/** The drawing: a path for all cells, and one for each state. A path of thousands of shapes is drawn at once. */
export function pathsOf(map: Shown, columns: number): Record<'all' | UnheldState, string> {
  const cornerOf = (index: number) =>
    [(index % columns) * cellSize, Math.floor(index / columns) * cellSize] as const
  const paths = { all: '', free: '', reserved: '', void: '' }
  for (let index = 0; index < cellCountOf(map); index += 1) {
    const [x, y] = cornerOf(index)
    paths.all += rectangle(x, y, inner, inner)
  }
  for (const bucket of map.buckets) {
    const [x, y] = cornerOf((bucket.from - map.from) / map.bucket_size)
    unheldStates.forEach((state, place) => {
      const count = bucket[state]
      if (count > 0)
        paths[state] +=
          map.bucket_size === 1 ? shapes[state](x, y) : column(x, y, place, count, map.bucket_size)
    })
  }
  return paths
}

const rectangle = (x: number, y: number, width: number, height: number) =>
  `M${x} ${y}h${width}v${height}h${-width}z`

/** One value: each state has a form of its own, for those who do not see its colour. */
const shapes: Record<UnheldState, (x: number, y: number) => string> = {
  free: (x, y) => `${rectangle(x, y, inner, inner)}M${x + 2.5} ${y + 2.5}v5h5v-5z`,
  reserved: (x, y) => `M${x} ${y}v${inner}h${inner}z`,
  void: (x, y) => rectangle(x, y, inner, inner),
}

/** Many values: a bar in the place of the state, by its order of magnitude, so that one in ten thousand is seen too. */
function column(x: number, y: number, place: number, count: number, size: number): string {
  const height = Math.max(2.5, (inner * Math.log(1 + count)) / Math.log(1 + size))
  const width = inner / unheldStates.length
  const rounded = (value: number) => Math.round(value * 100) / 100
  return rectangle(rounded(x + place * width), rounded(y + inner - height), rounded(width), rounded(height))
}
