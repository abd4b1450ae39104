/** A text of a file as a message shows it. */
export const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
