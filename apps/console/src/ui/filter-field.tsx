import { useEffect, useState, type ReactNode } from 'react'
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
  const [sent, setSent] = useState(value)
  const [timesChangedElsewhere, setTimesChangedElsewhere] = useState(0)
  if (value !== before) {
    setBefore(value)
    // It was changed elsewhere, such as by going back. What was typed since it was sent stays.
    if (value !== sent) {
      setText(value ?? '')
      setSent(value)
      setTimesChangedElsewhere(timesChangedElsewhere + 1)
    }
  }
  const changeLater = useDebouncedCallback((next: string | undefined) => {
    setSent(next)
    onChange(next)
  }, 300)
  // What is not sent yet is of the filter before.
  useEffect(() => () => changeLater.cancel(), [timesChangedElsewhere, changeLater])
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
