/** A line of a service's metrics: `requests_total{status="200"} 12`. */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

/** Reads Prometheus' text format, as far as our services use it. */
export function samplesIn(text: string): Sample[] {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const space = line.lastIndexOf(' ')
    const brace = line.indexOf('{')
    const end = line.lastIndexOf('}', space)
    const value = Number(line.slice(space + 1).replace('Inf', 'Infinity'))
    if (brace < 0 || brace > space) samples.push({ name: line.slice(0, space), labels: {}, value })
    else samples.push({ name: line.slice(0, brace), labels: labelsIn(line.slice(brace + 1, end)), value })
  }
  return samples
}

function labelsIn(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name, value] of text.matchAll(/(?:^|,)(\w+)="((?:[^"\\]|\\.)*)"/g))
    labels[name!] = value!.replace(/\\(.)/g, (_all, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  return labels
}

/** The sum of all samples of a name, with these labels. */
export function sumOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  let sum = 0
  for (const sample of samples)
    if (sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      sum += sample.value
  return sum
}

/** The value of a gauge without labels; undefined where there is none, or it is NaN: the service does not know it. */
export function gaugeOf(samples: readonly Sample[], name: string): number | undefined {
  const value = samples.find((sample) => sample.name === name)?.value
  return Number.isNaN(value) ? undefined : value
}

/**
 * The quantile of what a histogram counted between two readings, in its unit; undefined if that was nothing. As Prometheus does,
 * it takes what is in a bucket to be spread evenly.
 */
export function quantileBetween(
  before: readonly Sample[],
  now: readonly Sample[],
  histogram: string,
  quantile: number,
): number | undefined {
  const counts = new Map<number, number>()
  const add = (samples: readonly Sample[], sign: 1 | -1) => {
    for (const { name, labels, value } of samples) {
      if (name !== `${histogram}_bucket`) continue
      const bound = Number(labels.le!.replace('+Inf', 'Infinity'))
      counts.set(bound, (counts.get(bound) ?? 0) + sign * value)
    }
  }
  add(before, -1)
  add(now, 1)
  const buckets = [...counts].sort(([a], [b]) => a - b)
  const total = buckets.at(-1)?.[1] ?? 0
  if (total <= 0) return undefined
  const wanted = quantile * total
  let [lowerBound, lowerCount] = [0, 0]
  for (const [bound, count] of buckets) {
    if (count >= wanted) {
      if (bound === Infinity) return lowerBound
      const share = count === lowerCount ? 1 : (wanted - lowerCount) / (count - lowerCount)
      return lowerBound + (bound - lowerBound) * share
    }
    ;[lowerBound, lowerCount] = [bound, count]
  }
  return undefined
}
