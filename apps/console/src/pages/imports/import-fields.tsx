import { Checkbox, FileInput, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { IconFileUpload } from '@tabler/icons-react'
import type { ImportOptions } from '@ordinal/client'
import { useImportsTexts } from './texts'

/** What is imported, and how its file is read. */
export interface Choices {
  file: File | null
  maxHole: number
  dateFormat: NonNullable<ImportOptions['date_format']>
  columns: string
  strict: boolean
}

const dateFormats: readonly Choices['dateFormat'][] = ['yyyy-mm-dd', 'dd.mm.yyyy', 'dd/mm/yyyy', 'mm/dd/yyyy']

interface ImportFieldsProps {
  prefixes: readonly string[]
  prefix: string
  choices: Choices
  disabled: boolean
  onPrefix: (prefix: string) => void
  onChange: (change: Partial<Choices>) => void
}

export function ImportFields({ prefixes, prefix, choices, disabled, onPrefix, onChange }: ImportFieldsProps) {
  const texts = useImportsTexts()
  return (
    <div className="grid-wide">
      <NativeSelect
        label={texts.sequence}
        data={[...new Set([prefix, ...prefixes])]}
        value={prefix}
        disabled={disabled}
        onChange={(event) => onPrefix(event.currentTarget.value)}
      />
      <FileInput
        label={texts.file}
        description={texts.fileHelp}
        placeholder={texts.choose}
        accept=".csv,.tsv,.txt,.ndjson,.jsonl"
        leftSection={<IconFileUpload size={16} aria-hidden />}
        value={choices.file}
        // Browsers report no change where the same file is chosen again, and it may have another content by now.
        fileInputProps={{ onClick: (event) => (event.currentTarget.value = '') }}
        disabled={disabled}
        onChange={(file) => onChange({ file })}
      />
      <NumberInput
        label={texts.maxHole}
        description={texts.maxHoleHelp}
        min={0}
        max={10_000}
        value={choices.maxHole}
        disabled={disabled}
        onChange={(value) => onChange({ maxHole: Number(value) || 0 })}
      />
      <NativeSelect
        label={texts.dateFormat}
        data={[...dateFormats]}
        value={choices.dateFormat}
        disabled={disabled}
        onChange={(event) => onChange({ dateFormat: event.currentTarget.value as Choices['dateFormat'] })}
      />
      <TextInput
        label={texts.columns}
        description={texts.columnsHelp}
        value={choices.columns}
        disabled={disabled}
        onChange={(event) => onChange({ columns: event.currentTarget.value })}
      />
      <Checkbox
        className="beside-labels"
        label={texts.strict}
        checked={choices.strict}
        disabled={disabled}
        onChange={(event) => onChange({ strict: event.currentTarget.checked })}
      />
    </div>
  )
}
