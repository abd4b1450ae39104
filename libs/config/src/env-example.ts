import type { DocumentedGroup, DocumentedVariable } from './document'

/** The text of an .env.example: every variable with its description; optional ones are commented out. */
export function renderEnvExample(groups: readonly DocumentedGroup[]): string {
  return groups
    .map(({ title, rows }) => [`# --- ${title} ---\n`, ...rows.map(renderVariable)].join('\n'))
    .join('\n')
}

function renderVariable(row: DocumentedVariable): string {
  const description = row.description.replace(/\s+/g, ' ')
  if (row.required) return `# ${description}. Required, for example ${quoted(row.example)}\n${row.name}=\n`
  if (row.default === undefined) return `# ${description}. Optional\n# ${row.name}=${quoted(row.example)}\n`
  return `# ${description}\n${row.name}=${quoted(row.default)}\n`
}

// Node, Docker and shells agree on plain words, and on quotes around text without that quote in it.
function quoted(value = ''): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value
  return value.includes("'") ? `"${value}"` : `'${value}'`
}
