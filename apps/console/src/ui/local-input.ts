/** A moment as a field of the type `datetime-local` has it: local time, without a zone. */
export const localInputOf = (date: Date): string =>
  new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
