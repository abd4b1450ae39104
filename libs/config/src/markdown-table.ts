import type { DocumentedGroup, DocumentedVariable } from './document'

/** The variables as Markdown: a heading of level 3 and a table for each group. */
export function renderMarkdownTable(groups: readonly DocumentedGroup[]): string {
  return groups
    .map(({ title, rows }) =>
      [
        `### ${title}\n`,
        '| Variable | Description | Default |',
        '| --- | --- | --- |',
        ...rows.map(renderRow),
        '',
      ].join('\n'),
    )
    .join('\n')
}

function renderRow(row: DocumentedVariable): string {
  return `| \`${row.name}\` | ${cell(row.description)}${row.secret ? ' (secret)' : ''} | ${defaultOf(row)} |`
}

function defaultOf(row: DocumentedVariable): string {
  if (row.required) return 'required'
  return row.default ? `\`${cell(row.default)}\`` : 'none'
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|')
}
