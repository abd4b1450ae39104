import type { Dice } from './dice'

/** What earlier answers had, so that later requests reach what is there. */
export type Known = ReturnType<typeof createKnown>

/** An object of an answer. */
export type Thing = Readonly<Record<string, unknown>>

const kept = 60

/** Names of fields and parameters under which other ones take what was learned: `service.name` before `name`. */
const learnedAs: Record<string, readonly string[]> = {
  user_id: ['user-service.id'],
  ids: ['user-service.id'],
  'sequencer.number': ['full_number'],
  'order-service.number': ['order_number'],
  full_number: ['full_number'],
  cursor: ['next_cursor'],
  after: ['next_cursor'],
  partition_id: ['partitions'],
  code: ['code'],
  key_id: ['sequencer.id'],
}

/** What an id is called by the collection that it is of: `webhook_id` of `webhooks`. */
export const idOf = (collection: string) => `${collection.replace(/ies$/, 'y').replace(/s$/, '')}_id`

/** The ids in a path, and what those of the things are called that it leads to. */
function idsIn(path: string): { owners: Thing; own: string } {
  const segments = path.split('/')
  const isId = (segment: string) => /^\d+$/.test(segment)
  const owners = segments.flatMap((segment, index) =>
    index > 0 && isId(segment) ? [[idOf(segments[index - 1]!), Number(segment)] as const] : [],
  )
  return { owners: Object.fromEntries(owners), own: idOf(segments.findLast((each) => !isId(each)) ?? '') }
}

/** Names that mean something which is there, or is not. Other values are as good as new ones. */
const references = new Set([
  ...[
    'id',
    'user_id',
    'url',
    'ids',
    'number',
    'full_number',
    'order_number',
    'reference',
    'prefix',
    'period',
    'cursor',
    'after',
  ],
  ...[
    'site_id',
    'partition_id',
    'sequence_number',
    'key_id',
    'code',
    'checkpoint',
    'since',
    'product_id',
    'version',
    'search',
    'type',
  ],
])

export function createKnown() {
  const values = new Map<string, unknown[]>()
  const records = new Map<string, Thing[]>()
  const tags = new Map<string, string>()
  // Names of ids, by what they are of.
  const owned = new Set<string>()
  let learned = 0

  function keep<T>(lists: Map<string, T[]>, name: string, value: T): void {
    const list = lists.get(name) ?? []
    if (list.length < kept) list.push(value)
    // The first stay, the last replace each other: what was deleted is asked for, too.
    else list[10 + (learned++ % (kept - 10))] = value
    lists.set(name, list)
  }

  function learn(service: string, value: unknown, name: string, depth: number, path: string): void {
    if (value === null || depth > 5) return
    if (Array.isArray(value))
      return value.slice(0, 5).forEach((each) => learn(service, each, name, depth + 1, path))
    if (typeof value === 'object') {
      const thing = ['', 'data'].includes(name) ? withIds(value as Thing, path) : (value as Thing)
      keep(records, service, thing)
      return Object.entries(thing).forEach(([key, each]) => learn(service, each, key, depth + 1, path))
    }
    if (name === '' || value === '' || (typeof value === 'string' && value.length > 4_000)) return
    keep(values, `${service}.${name}`, value)
    keep(values, name, value)
  }

  /** A thing with its id by what that is of, and those of what it belongs to. */
  function withIds(thing: Thing, path: string): Thing {
    const { owners, own } = idsIn(path)
    if (typeof thing.id === 'number') owned.add(own)
    return { ...owners, ...(typeof thing.id === 'number' && { [own]: thing.id }), ...thing }
  }

  return {
    /** Takes note of an answer's body, and of its ETag. */
    learn(service: string, url: string, etag: string | null, body: unknown): void {
      learn(service, body, '', 0, pathOf(url))
      if (etag === null) return
      if (tags.size > 1_000) tags.delete(tags.keys().next().value!)
      tags.set(`${service} ${pathOf(url)}`, etag)
    },
    /**
     * Something that an answer had: its fields belong together.
     *
     * @param names of the fields that are asked for: of some things it is the one that has most of them
     */
    thing(service: string, names: readonly string[], dice: Dice): Thing {
      const all = records.get(service) ?? [{}]
      const wanted = names.map((name) => [name, ...(learnedAs[`${service}.${name}`] ?? [])])
      const fit = (thing: Thing) =>
        wanted.filter((each) => each.some((name) => isGiven(thing[name]))).length +
        // Most can be done with what is reserved.
        (thing.state === 'reserved' ? 0.5 : 0)
      const some = Array.from({ length: 8 }, () => dice.pick(all))
      return some.reduce((best, thing) => (fit(thing) > fit(best) ? thing : best))
    },
    /**
     * A value that a field may refer to; undefined if none is known, or if it refers to nothing.
     *
     * @param of what the request is about, where it has such a field
     */
    recall(service: string, name: string, dice: Dice, of: Thing = {}): unknown {
      if (!references.has(name) && !owned.has(name)) return undefined
      const own = [name, ...(learnedAs[`${service}.${name}`] ?? [])].find((each) => isGiven(of[each]))
      if (own !== undefined) return of[own]
      const names = learnedAs[`${service}.${name}`] ?? learnedAs[name] ?? [`${service}.${name}`, name]
      const list = names.map((each) => values.get(each)).find((found) => found !== undefined)
      return list && dice.pick(list)
    },
    /** The ETag that a path had last. */
    tagOf: (service: string, url: string) => tags.get(`${service} ${pathOf(url)}`),
  }
}

const isGiven = (value: unknown) => value !== undefined && value !== null && typeof value !== 'object'
const pathOf = (url: string) => url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '')
