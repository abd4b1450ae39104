// Writes src/generated from the OpenAPI documents in openapi/; with --check, only says whether that is what it would write.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'

const documents = join(import.meta.dirname, 'openapi')
let differ = false
for (const { name } of readdirSync(documents).map(parse)) {
  const document = readFileSync(join(documents, `${name}.json`), 'utf8')
  const file = join(import.meta.dirname, 'src/generated', `${name}.ts`)
  const types = `// Made from openapi/${name}.json by make client.\n${astToString(await openapiTS(document))}`
  if (!process.argv.includes('--check')) writeFileSync(file, types)
  else if (readFileSync(file, 'utf8') !== types) {
    process.stderr.write(`${file} is not what openapi/${name}.json makes: make client\n`)
    differ = true
  }
}
process.exitCode = differ ? 1 : 0
