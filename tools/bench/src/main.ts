import { runBenchmarks } from './benchmarks'
import { serveConstant } from './constant-servers'
import { isOrderPart, orderParts, runOrderBenchmarks } from './order-benchmarks'

const parts = ['numbers', ...orderParts] as const
const [mode, kind] = process.argv.slice(2)

void (mode === '--serve' ? serveConstant(kind === 'express' ? 'express' : 'node') : run()).catch(
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  },
)

/** Runs what `--only=orders,events` names, or everything. */
async function run(): Promise<void> {
  const quick = process.argv.includes('--quick')
  const named = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)
  const chosen = named ? named.split(',') : [...parts]
  const unknown = chosen.filter((name) => !parts.some((part) => part === name))
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${parts.join(', ')}`)

  if (chosen.includes('numbers')) await runBenchmarks({ quick })
  const ofOrders = chosen.filter(isOrderPart)
  if (ofOrders.length > 0) await runOrderBenchmarks(ofOrders, { quick })
}
