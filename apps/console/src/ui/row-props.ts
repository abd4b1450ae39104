import type { KeyboardEvent, MouseEvent } from 'react'

/** Props of a table row: `j` and `k` go from row to row, Enter and a click open one. */
export const rowProps =
  <Row>(onOpen: ((row: Row) => void) | undefined) =>
  (row: Row) => ({
    tabIndex: onOpen ? 0 : undefined,
    'data-clickable': onOpen ? true : undefined,
    onClick(event: MouseEvent<HTMLTableRowElement>) {
      // Links and buttons in it lead elsewhere, and text may be marked.
      if ((event.target as Element).closest('a, button') || getSelection()?.toString()) return
      onOpen?.(row)
    },
    onKeyDown(event: KeyboardEvent<HTMLTableRowElement>) {
      if (event.target !== event.currentTarget) return
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key]
      if (step) {
        const { nextElementSibling, previousElementSibling } = event.currentTarget
        const sibling = step > 0 ? nextElementSibling : previousElementSibling
        if (sibling instanceof HTMLElement && sibling.tabIndex === 0) sibling.focus()
        event.preventDefault()
      } else if (event.key === 'Enter') onOpen?.(row)
    },
  })
