import { SegmentedControl, Text } from '@mantine/core'

interface ChoiceProps<Value extends string> {
  label: string
  value: Value
  /** What there is to choose from, with its names. */
  names: Readonly<Record<Value, string>>
  onChange: (value: Value) => void
}

/** One of a few, all of which are seen. */
export function Choice<Value extends string>({ label, value, names, onChange }: ChoiceProps<Value>) {
  return (
    <div>
      <Text size="sm" mb={4}>
        {label}
      </Text>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={label}
        value={value}
        onChange={onChange}
        data={Object.entries<string>(names).map(([each, name]) => ({ value: each as Value, label: name }))}
      />
    </div>
  )
}
