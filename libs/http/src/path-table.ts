/** An entry of a table whose template fits a path. */
export interface Fitting<Entry> {
  entry: Entry
  /** @throws URIError if one of them cannot be decoded */
  params: () => Record<string, string>
}

interface Node<Entry> {
  literals: Map<string, Node<Entry>>
  /** Behind a segment that is a parameter. */
  parameter: Node<Entry> | undefined
  ends: { entry: Entry; place: number; names: readonly (string | undefined)[] }[]
}

/**
 * Finds what belongs to a path by templates such as `/api/v1/users/{id}`, segment by segment: a router that tries one
 * template after the other takes longer with each. Upper and lower case differ, a slash at the end does not, nor does a
 * colon that is encoded, as clients send it that encode each segment whole.
 */
export function pathTable<Entry extends { path: string }>(entries: readonly Entry[]) {
  const root = newNode<Entry>()
  entries.forEach((entry, place) => {
    const names = segmentsOf(entry.path).map((segment) => /^\{(\w+)\}$/.exec(segment)?.[1])
    nodeAt(root, entry.path, names).ends.push({ entry, place, names })
  })

  /** Those whose template fits the path, in the order in which they were given. */
  return (path: string): Fitting<Entry>[] => {
    const segments = segmentsOf(path.includes('%') ? path.replaceAll(/%3a/gi, ':') : path)
    const ends = endsAt(root, segments, 0)
    if (ends.length > 1) ends.sort((one, other) => one.place - other.place)
    return ends.map(({ entry, names }) => ({ entry, params: () => paramsIn(segments, names) }))
  }
}

const newNode = <Entry>(): Node<Entry> => ({ literals: new Map(), parameter: undefined, ends: [] })

/** What is between the slashes; nothing for what is no path, such as `*`. */
function segmentsOf(path: string): string[] {
  if (path[0] !== '/') return []
  return path.slice(1, path.length > 1 && path.endsWith('/') ? -1 : undefined).split('/')
}

function nodeAt<Entry>(root: Node<Entry>, path: string, names: readonly (string | undefined)[]): Node<Entry> {
  let node = root
  segmentsOf(path).forEach((segment, index) => {
    if (names[index] !== undefined) {
      node = node.parameter ??= newNode()
    } else {
      const next = node.literals.get(segment) ?? newNode<Entry>()
      node.literals.set(segment, next)
      node = next
    }
  })
  return node
}

/** The ends below a node that the segments from an index on lead to. */
function endsAt<Entry>(node: Node<Entry>, segments: readonly string[], index: number): Node<Entry>['ends'] {
  const segment = segments[index]
  if (segment === undefined) return [...node.ends]
  const literal = node.literals.get(segment)
  const parameter = segment === '' ? undefined : node.parameter
  if (!parameter) return literal ? endsAt(literal, segments, index + 1) : []
  const behind = endsAt(parameter, segments, index + 1)
  return literal ? [...endsAt(literal, segments, index + 1), ...behind] : behind
}

function paramsIn(segments: readonly string[], names: readonly (string | undefined)[]) {
  const params: Record<string, string> = {}
  names.forEach((name, index) => {
    if (name !== undefined) params[name] = decodeURIComponent(segments[index]!)
  })
  return params
}
