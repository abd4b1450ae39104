import type { Tree } from '@nx/devkit'
import { namesOfService, spellingsOf } from '../names'
import { edit, readServices, type ListedService } from '../workspace/services'
import { insertAfter } from '../workspace/text'

interface Entered {
  listed: ListedService
  plural: string
}

/** Enters a service in the pages that people write; the others are made from what it says of itself. */
export function enterInDocs(tree: Tree, { listed, plural }: Entered): void {
  const { name, port, database } = listed
  const { pascal, short, words } = namesOfService(name)
  const kept = spellingsOf(plural).words
  const [first] = readServices(tree)

  edit(tree, 'README.md', (text) =>
    insertAfter(text, /^- \*\*user-service\*\* .*\n/m, `- **${name}** keeps ${kept}.\n`),
  )
  edit(tree, 'docs/architecture.md', (text) => {
    let page = insertAfter(
      text,
      new RegExp(`^    \\w+\\["${first!.name}<br>.*\\n`, 'm'),
      `    ${spellingsOf(short).camel}Service["${name}<br>HTTP ${port}"]\n`,
    )
    page = insertAfter(
      page,
      /^ {2}users --> userdb.*\n/m,
      `  ${spellingsOf(short).camel}Service --> ${database}[("${database}<br>${kept}")]\n`,
    )
    return insertAfter(
      page,
      /^\| tables and migrations \|.*\n/m,
      `| the ${words}: ${kept} | \`apps/${name}/src/${plural}/\` |\n`,
    )
  })
  edit(tree, 'docs/runbooks.md', (text) =>
    insertAfter(
      text,
      /^### OrderDatabaseUnreachable\n[^#]*(?=### )/m,
      `### ${pascal}DatabaseUnreachable\n\nThe database of ${name} has not answered for a minute.\n\n` +
        '**Look**: `pg_isready`; `pg_stat_activity`: a migration or a backup that holds a lock.\n\n' +
        '**Do**: mend the database; the service connects again by itself.\n\n',
    ),
  )
}
