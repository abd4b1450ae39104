import type { ReactNode } from 'react'
import type { UseQueryResult } from '@tanstack/react-query'
import { CursorPages, DataTable, type DataTableProps } from './data-table'
import { useNumberFormats } from './numbers'
import { Card } from './page'
import { NothingForFilter, QueryState } from './states'
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
  ...table
}: ListProps<Row>) {
  const texts = useTexts()
  const { count } = useNumberFormats()
  return (
    <QueryState query={query}>
      {({ data, pagination }) => {
        const rows = data.filter(only)
        if (rows.length === 0) return isFiltered ? <NothingForFilter onClear={onClear} /> : none
        return (
          <Card>
            <DataTable
              {...table}
              rows={rows}
              footer={
                <CursorPages
                  next={pagination.next_cursor}
                  isFirst={cursor === undefined}
                  onNext={onPage}
                  onFirst={() => onPage(undefined)}
                >
                  {total === undefined
                    ? texts.inView(rows.length)
                    : texts.inViewOf(count(rows.length), count(total))}
                </CursorPages>
              }
            />
          </Card>
        )
      }}
    </QueryState>
  )
}
