import type { ReactNode } from 'react'
import { Button, Group, Table } from '@mantine/core'
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react'
import type { Column } from './column'
import { ColumnChoice, useShownColumns } from './column-choice'
import { rowProps } from './row-props'
import { useTexts } from './texts'

export interface DataTableProps<Row> {
  /** What the rows are. */
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf: (row: Row) => string | number
  /** Where a row leads: by a click, or by Enter. */
  onOpen?: (row: Row) => void
  /** The name under which the choice of columns is remembered; without it there is none. */
  table?: string
  /** Below the rows: pages, a count. */
  footer?: ReactNode
}

/** Rows in columns. `j` and `k` go from row to row, Enter opens one. */
export function DataTable<Row>({
  label,
  rows,
  columns: all,
  keyOf,
  onOpen,
  table,
  footer,
}: DataTableProps<Row>) {
  const columns = useShownColumns(table, all)
  const propsOf = rowProps(onOpen)
  return (
    <>
      {table && <ColumnChoice table={table} columns={all} />}
      <div className="scroll-x" tabIndex={0} role="region" aria-label={label}>
        <Table className="data-table">
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ id, header, align }) => (
                <Table.Th key={id} ta={align}>
                  {header}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={keyOf(row)} {...propsOf(row)}>
                {columns.map(({ id, cell, align }) => (
                  <Table.Td key={id} ta={align}>
                    {cell(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {footer}
    </>
  )
}

interface CursorPagesProps {
  /** Where the next page begins; null at the end. */
  next: string | null | undefined
  /** Whether this is the first. */
  isFirst: boolean
  /** How many are in view, or in all. */
  children?: ReactNode
  onNext: (cursor: string) => void
  onFirst: () => void
}

/** Pages of a list that is read by cursor: on, and back to the beginning; the browser's Back leads to the one before. */
export function CursorPages({ next, isFirst, children, onNext, onFirst }: CursorPagesProps) {
  const texts = useTexts()
  return (
    <Group justify="space-between" mt="sm">
      <span className="tone-quiet">{children}</span>
      <Group gap="xs">
        {!isFirst && (
          <Button variant="default" size="xs" onClick={onFirst} leftSection={<IconArrowLeft size={14} />}>
            {texts.first}
          </Button>
        )}
        {next && (
          <Button
            variant="default"
            size="xs"
            onClick={() => onNext(next)}
            rightSection={<IconArrowRight size={14} />}
          >
            {texts.next}
          </Button>
        )}
      </Group>
    </Group>
  )
}
