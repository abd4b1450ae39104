import { memo, useEffect, useRef, useState, type ReactNode } from 'react'
import type { Column } from './column'
import { rowProps } from './row-props'

const rowHeight = 36
// Rows beyond the edges, so that keys and slow drawing find some.
const overscan = 12

interface VirtualTableProps<Row> {
  /** What the rows are. */
  label: string
  rows: readonly Row[]
  /** The same array while they are the same: rows that have not changed are not drawn again. */
  columns: readonly Column<Row>[]
  keyOf: (row: Row) => string
  /** Where a row leads: by a click, or by Enter. */
  onOpen?: (row: Row) => void
  /** The end of the rows is near. */
  onNearEnd?: () => void
  /** How far it was scrolled, in pixels. */
  onScroll?: (top: number) => void
  footer?: ReactNode
}

/**
 * A table of any length, of which only the rows in view are in the document. All have one height and one line. `j` and `k`
 * go from row to row, Enter opens one.
 */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, rows, columns, keyOf, onOpen, onNearEnd, onScroll, footer } = props
  const box = useRef<HTMLDivElement>(null)
  const [first, setFirst] = useState(0)
  const inView = 40
  const from = Math.max(0, Math.min(first, rows.length - 1) - overscan)
  const to = Math.min(rows.length, first + inView + overscan)
  const nearEnd = to >= rows.length
  useEffect(() => {
    if (nearEnd) onNearEnd?.()
  }, [nearEnd, onNearEnd])

  const propsOf = rowProps(onOpen)
  return (
    <>
      <div
        className="virtual-box"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label={label}
        onScroll={({ currentTarget: { scrollTop } }) => {
          setFirst(Math.floor(scrollTop / rowHeight))
          onScroll?.(scrollTop)
        }}
      >
        <table className="virtual-table" aria-rowcount={rows.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map(({ id, header, align }) => (
                <th key={id} data-align={align}>
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <Space rows={from} />}
            {rows.slice(from, to).map((row, index) => (
              <tr key={keyOf(row)} data-row={keyOf(row)} aria-rowindex={from + index + 2} {...propsOf(row)}>
                <Cells row={row} columns={columns} />
              </tr>
            ))}
            {to < rows.length && <Space rows={rows.length - to} />}
          </tbody>
        </table>
      </div>
      {footer}
    </>
  )
}

function CellsOf<Row>({ row, columns }: { row: Row; columns: readonly Column<Row>[] }): ReactNode {
  return columns.map(({ id, cell, align }) => (
    <td key={id} data-align={align}>
      {cell(row)}
    </td>
  ))
}
// The type of memo() has no place for that of the row.
const Cells = memo(CellsOf) as typeof CellsOf

/** In place of rows that are not in view. */
const Space = ({ rows }: { rows: number }) => (
  <tr aria-hidden style={{ height: rows * rowHeight }}>
    <td />
  </tr>
)
