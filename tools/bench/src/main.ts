import { serveConstant } from './constant-servers'
import { runBenchmarks } from './benchmarks'

const [mode, kind] = process.argv.slice(2)
const quick = process.argv.includes('--quick')

void (
  mode === '--serve' ? serveConstant(kind === 'express' ? 'express' : 'node') : runBenchmarks({ quick })
).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
