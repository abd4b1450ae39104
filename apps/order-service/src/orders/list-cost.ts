/** The most orders that a small read passes over to reach its page. */
const nearRows = 1_000

/**
 * The class of a list. It is a small read where an index has its rows and its total is kept: the orders of all, of one status, or
 * those after a cursor, near the start. What may count or pass over many orders is heavy.
 *
 * @param asked the fields of the query, as they were sent or as they were read
 */
export function workloadOfList(asked: Readonly<Record<string, unknown>>): 'read' | 'heavy' {
  const { page = 1, page_size: pageSize = 20, cursor, without_number: without, ...rest } = asked
  const filter = { ...rest, without_number: String(without) === 'true' || undefined }
  const [first = 'status', ...others] = Object.entries(filter).flatMap(([field, value]) =>
    value === undefined ? [] : field,
  )
  const counted = ['user_id', 'product_id', 'without_number'].includes(first)
  if (others.length > 0 || (counted && cursor === undefined)) return 'heavy'
  return cursor === undefined && Number(page) * Number(pageSize) > nearRows ? 'heavy' : 'read'
}
