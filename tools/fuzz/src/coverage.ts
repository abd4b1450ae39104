/** Which operations were met, and how they were answered. */
export type Coverage = ReturnType<typeof createCoverage>

export function createCoverage() {
  const rows = new Map<string, Map<string, number>>()
  const rowOf = (service: string, operation: string) => {
    const key = `${service}  ${operation}`
    const row = rows.get(key) ?? new Map<string, number>()
    rows.set(key, row)
    return row
  }

  return {
    /** An operation that is to be reached. */
    expect: (service: string, operation: string) => void rowOf(service, operation),
    count(service: string, operation: string, answer: string): void {
      const row = rowOf(service, operation)
      row.set(answer, (row.get(answer) ?? 0) + 1)
    },
    /** Operations that never did what they are for. */
    unreached: () =>
      [...rows]
        .filter(
          ([name, row]) =>
            !name.endsWith('  elsewhere') && ![...row.keys()].some((answer) => /^(2|OK)/.test(answer)),
        )
        .map(([name]) => name),
    /** How often there was each answer of 5xx, which the requests had asked for. */
    serverErrors(): Map<string, number> {
      const all = [...rows.values()].flatMap((row) => [...row]).filter(([answer]) => answer.startsWith('5'))
      return all.reduce(
        (sums, [answer, times]) => sums.set(answer, (sums.get(answer) ?? 0) + times),
        new Map<string, number>(),
      )
    },
    /** A line for each operation: how often it had which answer. */
    table(): string {
      const names = [...rows.keys()].sort()
      const width = Math.max(...names.map((name) => name.length))
      return names
        .map((name) => {
          const answers = [...rows.get(name)!].sort(([a], [b]) => (a < b ? -1 : 1))
          return `${name.padEnd(width)}  ${answers.map(([answer, times]) => `${answer}: ${times}`).join(', ')}`
        })
        .join('\n')
    },
  }
}
