import type { ReactNode } from 'react'
import type { UseQueryResult } from '@tanstack/react-query'
import { CursorPages, DataTable, type DataTableProps } from './data-table'
import { useNumberFormats } from './numbers'
import { Card } from './page'
import { NothingForFilter, NothingOnPage, QueryState } from './states'
import { useTexts } from './texts'

interface ListProps<Row> extends Omit<DataTableProps<Row>, 'rows' | 'footer'> {
  query: UseQueryResult<{
    data: readonly Row[]
    pagination: { page_size: number; next_cursor?: string | null }
  }>
  /** Of what was read, what is shown; all if not given. */
  only?: (row: Row) => boolean
  /** Whether a filter is on, without which there could be more. */
  isFiltered: boolean
  onClear: () => void
  /** In place of a list that is empty without a filter: what to do. */
  none: ReactNode
  /** How many there are in all pages, where that is known. */
  total?: number | undefined
  /** The page, as the address has it; the first if undefined. */
  cursor?: string | undefined
  onPage?: (cursor: string | undefined) => void
  /** What is around the table: a card, if not given. */
  frame?: (table: ReactNode) => ReactNode
}

/** A list in the state that it is in, with its columns to choose, its pages, and how many rows are in view. */
export function List<Row>({
  query,
  only = () => true,
  isFiltered,
  onClear,
  none,
  total,
  cursor,
  onPage = () => {},
  frame = (table) => <Card>{table}</Card>,
  ...table
}: ListProps<Row>) {
  const texts = useTexts()
  const { count } = useNumberFormats()
  const toFirstPage = () => onPage(undefined)
  return (
    <QueryState query={query}>
      {({ data, pagination }) => {
        const rows = data.filter(only)
        if (rows.length === 0) {
          if (cursor !== undefined) return <NothingOnPage onFirst={toFirstPage} />
          return isFiltered ? <NothingForFilter onClear={onClear} /> : none
        }
        const footer = (
          <CursorPages
            next={pagination.next_cursor}
            isFirst={cursor === undefined}
            onNext={onPage}
            onFirst={toFirstPage}
          >
            {total === undefined
              ? texts.inView(rows.length)
              : texts.inViewOf(count(rows.length), count(total))}
          </CursorPages>
        )
        return frame(<DataTable {...table} rows={rows} footer={footer} />)
      }}
    </QueryState>
  )
}
