import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'

interface Change<Input, Result> {
  run: (input: Input) => Promise<Result>
  /** The kinds of things that are read again after it: the beginnings of their keys. */
  changes: readonly string[]
  /** What is said when it is done. */
  done?: (result: Result) => string
  onDone?: (result: Result) => void
}

/** A change by the services: its error is for the form that asked for it. */
export function useChange<Input, Result>({ run, changes, done, onDone }: Change<Input, Result>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: run,
    onSuccess: (result) => {
      for (const kind of changes) void queries.invalidateQueries({ queryKey: [kind] })
      if (done) notifications.show({ message: done(result), color: 'teal' })
      onDone?.(result)
    },
  })
}
