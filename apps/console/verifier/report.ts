import type { ExportReport, Finding } from '@ordinal/audit/offline'
import { element } from './elements'
import { language, texts } from './texts'

const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })

/** What became of a verification: the verdict, what it is about, and each finding. */
export function reportView(report: ExportReport, seconds: number): HTMLElement {
  const { fits, finding_count, findings, heads } = report
  const all = number.format(finding_count)
  return element(
    'section',
    { class: 'verdict', 'data-verdict': fits ? 'fits' : 'differs' },
    element('h2', {}, fits ? texts.fits : texts.differs(texts.findings(finding_count, all))),
    ...(heads.compared + heads.outside === 0 ? [element('p', {}, texts.noCheckpoint)] : []),
    ...(findings.length > 0 ? [findingsTable(findings)] : []),
    ...(findings.length < finding_count
      ? [element('p', { class: 'quiet' }, texts.more(number.format(findings.length), all))]
      : []),
    element('h3', {}, texts.whatIs),
    facts(report, seconds),
  )
}

function facts({ export: made, counters, batches, rows, heads }: ExportReport, seconds: number): HTMLElement {
  const chosen = [
    made.prefix,
    made.period,
    made.from && `${texts.from} ${made.from}`,
    made.to && `${texts.to} ${made.to}`,
  ].filter(Boolean)
  const lines: [string, string][] = [
    [texts.made, made.at],
    [texts.scope, chosen.join(', ') || texts.everything],
    [texts.rows, number.format(rows)],
    [texts.batches, number.format(batches)],
    [texts.counters, number.format(counters)],
    [texts.heads, number.format(heads.compared)],
    ...(heads.outside > 0 ? [[texts.outside, number.format(heads.outside)] as [string, string]] : []),
    [texts.took, `${number.format(seconds)} ${texts.seconds}`],
  ]
  return element(
    'dl',
    {},
    ...lines.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}

function findingsTable(findings: readonly Finding[]): HTMLElement {
  const cell = (text: string) => element('td', {}, text)
  const head = element('tr', {}, ...[texts.kind, texts.where, texts.detail].map(headCell))
  const rows = findings.map(({ kind, prefix, period, number, object, detail }) =>
    element(
      'tr',
      {},
      cell(kind),
      cell(number ?? object ?? [prefix, period].filter(Boolean).join(' ')),
      cell(detail),
    ),
  )
  return element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': texts.differs('') },
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
  )
}

const headCell = (text: string) => element('th', { scope: 'col' }, text)
