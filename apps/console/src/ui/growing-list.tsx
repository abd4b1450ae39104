import type { ReactNode } from 'react'
import type { UseQueryResult } from '@tanstack/react-query'
import { DataTable, type DataTableProps } from './data-table'
import { More } from './more'
import { NothingForFilter, QueryState } from './states'

interface GrowingListProps<Row> extends Omit<DataTableProps<Row>, 'rows' | 'footer'> {
  query: UseQueryResult<{
    data: readonly Row[]
    /** Whether there are more than are read. */
    hasMore: boolean
  }>
  onMore: () => void
  /** Whether a filter is on, without which there could be more. */
  isFiltered: boolean
  onClear: () => void
  /** In place of a list that is empty without a filter: what to do. */
  none: ReactNode
  /** What is around the table, where it has a frame of its own. */
  frame?: (table: ReactNode) => ReactNode
}

/** A list with a button that loads more, and its loading, empty and error states. */
export function GrowingList<Row>({
  query,
  onMore,
  isFiltered,
  onClear,
  none,
  frame = (table) => table,
  ...table
}: GrowingListProps<Row>) {
  return (
    <QueryState query={query}>
      {({ data, hasMore }) => {
        if (data.length === 0) return isFiltered ? <NothingForFilter onClear={onClear} /> : none
        const footer = <More shown={data.length} hasMore={hasMore} onMore={onMore} />
        return frame(<DataTable {...table} rows={data} footer={footer} />)
      }}
    </QueryState>
  )
}
