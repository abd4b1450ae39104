// Reads OpenAPI documents from its standard input, a JSON text in each line, and writes a line for each: what others' tools have
// against it, or why they cannot read it. A program of its own, since Jest cannot load modules that are ESM only; one for all
// documents, since the tools take longer to load than to judge.
import { createInterface } from 'node:readline'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

/** By the recommended rules of Redocly: https://redocly.com/docs/cli/rules/recommended */
async function lint(source) {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)
}

// Its own libraries, read once.
const libraries = new Map()

/** By TypeScript, of the types that are generated from the document: https://openapi-ts.dev */
async function compile(source) {
  const types = astToString(await openapiTS(source))
  const file = '/generated.ts'
  const options = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2023, types: [] }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, types, ts.ScriptTarget.ES2023)
    if (!libraries.has(name)) libraries.set(name, read(name, ...rest))
    return libraries.get(name)
  }
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))
  const lines = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
  return { lines, operations: (types.match(/^ {4}\w+: \{$/gm) ?? []).length }
}

for await (const line of createInterface({ input: process.stdin })) {
  const source = JSON.parse(line)
  const judged = await (async () => ({ lint: await lint(source), compile: await compile(source) }))().catch(
    ({ message }) => ({ fault: message }),
  )
  process.stdout.write(`${JSON.stringify(judged)}\n`)
}
