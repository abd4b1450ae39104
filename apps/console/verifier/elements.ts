/** An element with its attributes and content; texts in it are texts, whatever a file has them say. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...content)
  return made
}

let fields = 0

/** A field for files, with its name and what goes into it. */
export function fileField(
  label: string,
  help: string,
  { required = false, multiple = false }: { required?: boolean; multiple?: boolean } = {},
) {
  const id = `file-${(fields += 1)}`
  const input = element('input', { type: 'file', id, 'aria-describedby': `${id}-help` })
  input.required = required
  input.multiple = multiple
  const field = element(
    'div',
    { class: 'field' },
    element('label', { for: id }, label),
    element('p', { class: 'quiet', id: `${id}-help` }, help),
    input,
  )
  return { field, files: () => [...(input.files ?? [])] }
}
