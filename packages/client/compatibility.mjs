// Prints, as JSON, what in a new OpenAPI document would break a caller that was written for the old one: the types of each
// operation are compared by the compiler. compatibility.mjs OLD.json NEW.json
import { readFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

const [oldDocument, newDocument] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'))
const operationsOf = (document) =>
  Object.entries(JSON.parse(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId }]) =>
      operationId ? [{ operationId, call: `${method.toUpperCase()} ${path}` }] : [],
    ),
  )

if (oldDocument === newDocument) {
  process.stdout.write('[]')
  process.exit()
}
const kept = new Map(operationsOf(newDocument).map(({ operationId, call }) => [operationId, call]))
const lines = [
  `import type { operations as Old } from './old'`,
  `import type { operations as New } from './new'`,
  `type Json<M> = M extends { content: { 'application/json': infer C } } ? C : undefined`,
  `type Part<T> = [T] extends [undefined] ? {} : NonNullable<T>`,
  `type Request<O> = O extends { parameters: { query?: infer Q, header?: infer H, path?: infer P }, requestBody?: infer B }`,
  `  ? { query: Part<Q>, header: Part<H>, path: P, body: Json<NonNullable<B>>, hasBody: undefined extends B ? 'optional' | 'given' : 'given' } : never`,
  `type Answer<O> = O extends { responses: infer R } ? Json<R[Extract<keyof R, 200 | 201 | 204>]> : never`,
  // A value may have more fields than its type: those that are sent are compared by name.
  `type Fields<T> = T extends readonly (infer I)[] ? Fields<I> : T extends object`,
  `  ? { [K in keyof T & string]-?: K | \`\${K}.\${Fields<NonNullable<T[K]>> & string}\` }[keyof T & string] : never`,
]
const found = []
const checks = new Map()
for (const { operationId, call } of operationsOf(oldDocument)) {
  if (kept.get(operationId) !== call) {
    found.push(`${call} is gone`)
    continue
  }
  checks.set(lines.length, `${call} refuses a request that it took`)
  lines.push(
    `export const request_${operationId} = (sent: Request<Old['${operationId}']>): Request<New['${operationId}']> => sent`,
  )
  checks.set(lines.length, `${call} refuses a request that it took`)
  const fields = (of) =>
    ['query', 'body']
      .map((part) => `Fields<{ ${part}: Request<${of}['${operationId}']>['${part}'] }>`)
      .join(' | ')
  lines.push(`export const fields_${operationId} = (name: ${fields('Old')}): ${fields('New')} => name`)
  checks.set(lines.length, `${call} answers what it did not`)
  lines.push(
    `export const answer_${operationId} = (got: Answer<New['${operationId}']>): Answer<Old['${operationId}']> => got`,
  )
}

const sources = {
  '/check.ts': lines.join('\n'),
  '/old.ts': astToString(await openapiTS(oldDocument)),
  '/new.ts': astToString(await openapiTS(newDocument)),
}
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Preserve,
}
const host = ts.createCompilerHost(options)
const { getSourceFile, fileExists, readFile } = host
host.getSourceFile = (name, ...rest) =>
  name in sources
    ? ts.createSourceFile(name, sources[name], ts.ScriptTarget.ES2022)
    : getSourceFile.call(host, name, ...rest)
host.fileExists = (name) => name in sources || fileExists.call(host, name)
host.readFile = (name) => sources[name] ?? readFile.call(host, name)

for (const { file, start, messageText } of ts.getPreEmitDiagnostics(
  ts.createProgram(['/check.ts'], options, host),
)) {
  const { line } = file.getLineAndCharacterOfPosition(start)
  found.push(
    `${checks.get(line) ?? `line ${line} of the check`}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  )
}
process.stdout.write(JSON.stringify(found))
