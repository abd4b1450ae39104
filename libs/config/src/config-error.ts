/** One thing wrong with the environment; `message` is a whole line that names the variable. */
export interface Fault {
  variable: string
  message: string
}

/** The environment does not make a configuration. Its message has one line for each fault, after a heading. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor(readonly faults: readonly Fault[]) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
    super([`The configuration has ${count}:`, ...faults.map(({ message }) => `  ${message}`)].join('\n'))
  }
}
