import { useState, type ReactNode } from 'react'
import { TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'

interface FilterFieldProps {
  label: string
  /** Whether its name stands in it rather than above it. */
  isCompact?: boolean
  type?: 'datetime-local' | 'number'
  icon?: ReactNode
  width?: number
  value: string | undefined
  onChange: (value: string | undefined) => void
}

/** A field of a filter, whose text is in the address once nobody types any more. */
export function FilterField({
  label,
  isCompact = false,
  type,
  icon,
  width,
  value,
  onChange,
}: FilterFieldProps) {
  const [text, setText] = useState(value ?? '')
  const [before, setBefore] = useState(value)
  const trimmed = text.trim() || undefined
  if (value !== before) {
    // It was changed elsewhere, such as by going back.
    setBefore(value)
    if (value !== trimmed) setText(value ?? '')
  }
  const changeLater = useDebouncedCallback(onChange, 300)
  return (
    <TextInput
      {...(isCompact ? { 'aria-label': label, placeholder: label } : { label })}
      {...(type && { type })}
      {...(type === 'datetime-local' && { step: 1 })}
      {...(width !== undefined && { w: width, maw: '100%' })}
      leftSection={icon}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        changeLater(event.currentTarget.value.trim() || undefined)
      }}
    />
  )
}
