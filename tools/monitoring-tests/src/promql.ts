/** What a query asks for: enough of PromQL's grammar to know the metrics and labels that it relies on. */
interface Asked {
  selectors: Selector[]
  /** The labels that it groups or matches by: `sum by (…)`, `on (…)`. */
  groupings: string[]
}

/** `name{label="value"}`, without its range. */
export interface Selector {
  text: string
  /** All names of metrics that must exist: several for `{__name__=~"(a|b)_total"}`. */
  names: string[]
  /** The labels matched on, besides the name. */
  labels: string[]
}

const token =
  /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|[a-zA-Z_:][\w:]*|\d[\w.]*|[=!]~|[=!<>]=|\S/g

const aggregations = new Set(
  'sum min max avg count group stddev stdvar topk bottomk quantile count_values'.split(' '),
)
const withLabels = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'atan2', 'inf', 'nan'])
const isIdentifier = (text: string | undefined) => text !== undefined && /^[a-zA-Z_:]/.test(text)

/** Takes a query apart. Whether it is valid, Prometheus tells. */
export function askedBy(query: string): Asked {
  const tokens = (query.match(token) ?? []).filter((text) => !text.startsWith('#'))
  const asked: Asked = { selectors: [], groupings: [] }
  let at = 0

  /** The tokens up to a closing one, which is passed, too. */
  function upTo(closing: string): string[] {
    const end = tokens.indexOf(closing, at)
    if (end < 0) throw new Error(`There is no ${closing} after ${tokens.slice(0, at).join(' ')}`)
    const between = tokens.slice(at, end)
    at = end + 1
    return between
  }

  while (at < tokens.length) {
    const text = tokens[at++]!
    if (text === '[') upTo(']')
    else if (text === '{') asked.selectors.push(selectorOf(undefined, upTo('}')))
    else if (withLabels.has(text)) {
      if (tokens[at] !== '(') continue
      at += 1
      asked.groupings.push(...upTo(')').filter((text) => text !== ','))
    } else if (isIdentifier(text) && !isWord(text) && tokens[at] !== '(') {
      const hasMatchers = tokens[at] === '{'
      if (hasMatchers) at += 1
      asked.selectors.push(selectorOf(text, hasMatchers ? upTo('}') : []))
    }
  }
  return asked
}

const isWord = (text: string) => words.has(text.toLowerCase()) || aggregations.has(text)

function selectorOf(name: string | undefined, tokens: string[]): Selector {
  const text = `${name ?? ''}{${tokens.join('')}}`
  const names = name === undefined ? [] : [name]
  const labels: string[] = []
  for (let at = 0; at < tokens.length; at += 4) {
    const [label, operator, value] = tokens.slice(at, at + 3) as [string, string, string]
    if (label === '__name__') names.push(...namesOf(operator, value.slice(1, -1), text))
    else labels.push(label)
  }
  if (names.length === 0) throw new Error(`${text} names no metric`)
  return { text, names, labels }
}

/** The names that `(a|b)_total` stands for; a pattern that could match anything cannot be checked. */
function namesOf(operator: string, pattern: string, text: string): string[] {
  const { head, choices, tail } =
    /^(?<head>\w*)(?:\((?<choices>[\w|]+)\))?(?<tail>\w*)$/.exec(pattern)?.groups ?? {}
  if (!operator.startsWith('=') || head === undefined)
    throw new Error(`${text}: write the names out, as in (a|b)_total`)
  return (choices ?? '').split('|').map((choice) => `${head}${choice}${tail}`)
}
