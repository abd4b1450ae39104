import { Button, Group, Menu } from '@mantine/core'
import { IconColumns3 } from '@tabler/icons-react'
import type { Column } from './column'
import { choose, useSettings } from './settings'
import { useTexts } from './texts'

/** The columns of a table without those that were switched off here. The first one stays: it names the row. */
export function useShownColumns<Row>(
  table: string | undefined,
  columns: readonly Column<Row>[],
): readonly Column<Row>[] {
  const { hiddenColumns } = useSettings()
  const hidden = table === undefined ? [] : (hiddenColumns[table] ?? [])
  return columns.filter(({ id }, index) => index === 0 || !hidden.includes(id))
}

interface ColumnChoiceProps<Row> {
  table: string
  columns: readonly Column<Row>[]
}

/** Which columns a table has, remembered in this browser. */
export function ColumnChoice<Row>({ table, columns }: ColumnChoiceProps<Row>) {
  const texts = useTexts()
  const { hiddenColumns } = useSettings()
  const hidden = hiddenColumns[table] ?? []
  const toggle = (id: string) => {
    const others = hidden.filter((each) => each !== id)
    choose({
      hiddenColumns: { ...hiddenColumns, [table]: others.length < hidden.length ? others : [...others, id] },
    })
  }
  return (
    <Group justify="flex-end">
      <Menu position="bottom-end" closeOnItemClick={false}>
        <Menu.Target>
          <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconColumns3 size={14} />}>
            {texts.columns}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {columns.slice(1).map(({ id, header }) => (
            <Menu.CheckboxItem key={id} checked={!hidden.includes(id)} onChange={() => toggle(id)}>
              {header}
            </Menu.CheckboxItem>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
