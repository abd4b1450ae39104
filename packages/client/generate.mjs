// Writes src/generated from the OpenAPI documents in openapi/; with --check, only says whether that is what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'

let differ = false
for (const name of ['users', 'orders', 'sequencer']) {
  const document = readFileSync(join(import.meta.dirname, 'openapi', `${name}.json`), 'utf8')
  const file = join(import.meta.dirname, 'src/generated', `${name}.ts`)
  const types = `// Made from openapi/${name}.json by make client.\n${astToString(await openapiTS(document))}`
  if (!process.argv.includes('--check')) writeFileSync(file, types)
  else if (readFileSync(file, 'utf8') !== types) {
    process.stderr.write(`${file} is not what openapi/${name}.json makes: make client\n`)
    differ = true
  }
}
process.exitCode = differ ? 1 : 0
