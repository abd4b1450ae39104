import ts from 'typescript'

type List = ts.ObjectLiteralExpression | ts.ArrayLiteralExpression

/** Adds an element to a list or an object in a source, at its end. */
export function addElement(source: string, isList: (node: ts.Node) => boolean, element: string): string {
  const list = nodeOf(source, (node): node is List => isAnyList(node) && isList(node))
  const members = ts.isArrayLiteralExpression(list) ? list.elements : list.properties
  const end = list.end - 1
  const comma = members.length > 0 && !members.hasTrailingComma ? ', ' : ' '
  return `${source.slice(0, end).trimEnd()}${comma}${element},\n${source.slice(end)}`
}

const isAnyList = (node: ts.Node): node is List =>
  ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node)

/** Whether a node is what a constant of this name is. */
export const isValueOf = (constant: string) => (node: ts.Node) =>
  ts.isVariableDeclaration(node.parent) && node.parent.name.getText() === constant

/** Whether a node is the argument of a call of this function. */
export const isArgumentOf = (name: string) => (node: ts.Node) =>
  ts.isCallExpression(node.parent) && node.parent.expression.getText() === name

/** Whether a node is what a property of this name is. */
export const isPropertyNamed = (name: string) => (node: ts.Node) =>
  ts.isPropertyAssignment(node.parent) && node.parent.name.getText() === name

/** Whether a node is what a function returns. */
export const isReturned = (node: ts.Node) => ts.isReturnStatement(node.parent)

/** Whether a node is what an arrow function of this name gives, with no statement. */
export const isReturnedBy = (name: string) => (node: ts.Node) => {
  const { parent: arrow } = node.parent
  return ts.isParenthesizedExpression(node.parent) && ts.isArrowFunction(arrow) && isValueOf(name)(arrow)
}

/** Puts a statement in front of the one that declares a constant. */
export function addBefore(source: string, constant: string, statement: string): string {
  const declared = nodeOf(
    source,
    (node): node is ts.VariableStatement =>
      ts.isVariableStatement(node) && node.declarationList.declarations[0]?.name.getText() === constant,
  )
  const start = declared.getStart()
  return `${source.slice(0, start)}${statement}\n${source.slice(start)}`
}

/** The statement that declares a constant. */
export const declarationOf = (source: string, constant: string): string =>
  nodeOf(
    source,
    (node): node is ts.VariableStatement =>
      ts.isVariableStatement(node) && node.declarationList.declarations[0]?.name.getText() === constant,
  ).getText()

/** The first element of a list or an object. */
export function firstElement(source: string, isList: (node: ts.Node) => boolean): string {
  const list = nodeOf(source, (node): node is List => isAnyList(node) && isList(node))
  const [first] = ts.isArrayLiteralExpression(list) ? list.elements : list.properties
  if (!first) throw new Error('The list is empty')
  return first.getText()
}

/** The imports of a source, a statement each. */
export const importsOf = (source: string): string[] =>
  parse(source)
    .statements.filter(ts.isImportDeclaration)
    .map((statement) => statement.getText())

/** Adds imports behind the last one. */
export function addImports(source: string, imports: readonly string[]): string {
  const end = parse(source).statements.filter(ts.isImportDeclaration).at(-1)?.end ?? 0
  return `${source.slice(0, end)}\n${imports.join('\n')}${source.slice(end)}`
}

const parse = (source: string) => ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true)

/** @throws Error if the source is not as the generator made it */
function nodeOf<N extends ts.Node>(source: string, fits: (node: ts.Node) => node is N): N {
  const search = (node: ts.Node): N | undefined => (fits(node) ? node : ts.forEachChild(node, search))
  const found = ts.forEachChild(parse(source), search)
  if (!found) throw new Error(`A source is not as the generator makes it:\n${source.slice(0, 200)}`)
  return found
}
