// Reads an OpenAPI document from its standard input, and writes what others' tools have against it, as JSON.
// A program of its own, since Jest cannot load modules that are ESM only.
import { text } from 'node:stream/consumers'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

/** By the recommended rules of Redocly: https://redocly.com/docs/cli/rules/recommended */
async function lint(source) {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)
}

/** By TypeScript, of the types that are generated from the document: https://openapi-ts.dev */
async function compile(source) {
  const types = astToString(await openapiTS(source))
  const file = '/generated.ts'
  const options = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2023, types: [] }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, types, ts.ScriptTarget.ES2023) : read(name, ...rest)
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))
  const lines = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
  return { lines, operations: (types.match(/^ {4}\w+: \{$/gm) ?? []).length }
}

const source = await text(process.stdin)
process.stdout.write(JSON.stringify({ lint: await lint(source), compile: await compile(source) }))
