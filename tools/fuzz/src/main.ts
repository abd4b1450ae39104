import { parseArgs } from 'node:util'
import { fuzzServices, type Report } from './services'

const usual = { requests: 100_000, growth: 64, 'warm-up': 4_000 }

void run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
})

/** `--requests=100000 --seed=42 --growth=64 --warm-up=4000`; ends with 1 if anything was found. */
async function run(): Promise<void> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ options: { requests: text, seed: text, growth: text, 'warm-up': text } })
  const number = (name: keyof typeof usual) => wholeNumber(name, values[name], usual[name])
  const seed = wholeNumber('seed', values.seed, Math.floor(Math.random() * 2 ** 31))
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  tell(`The seed is ${seed}.`)
  const report = await fuzzServices({
    requests: number('requests'),
    seed,
    memory: { growthMb: number('growth'), warmUp: number('warm-up') },
    tell,
  })
  console.log(inWords(report, seed))
  if (report.findings.length > 0) process.exitCode = 1
}

function wholeNumber(name: string, given: string | undefined, usually: number): number {
  const value = given === undefined ? usually : Number(given)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} takes a whole number, not ${given}`)
  return value
}

function inWords({ findings, coverage, requests, seconds, memory }: Report, seed: number): string {
  const asked = [...coverage.serverErrors()].map(([answer, times]) => `${answer}: ${times}`)
  return [
    coverage.table(),
    '',
    ...memory,
    `Answers of 5xx that requests asked for: ${asked.join(', ') || 'none'}`,
    `${requests} requests in ${Math.round(seconds)} s, seed ${seed}: ${findings.length} findings`,
    ...findings.map(
      ({ service, operation, kind, detail, times, line }) =>
        `\n${[service, operation].filter(Boolean).join('  ')}\n  ${kind}, ${times} times\n  ${detail}\n  ${line}`,
    ),
  ].join('\n')
}
