import { runBenchmarks } from './benchmarks'
import { serveConstant } from './constant-servers'
import { isOrderPart, orderParts, runOrderBenchmarks } from './order-benchmarks'
import { runReaders } from './readers'
import { runStarvation, type StarvationSettings } from './starvation'

const parts = ['numbers', ...orderParts, 'starvation'] as const
const [mode, kind = ''] = process.argv.slice(2)

void start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})

function start(): Promise<void> {
  if (mode === '--serve') return serveConstant(kind === 'express' ? 'express' : 'node')
  if (mode === '--readers') return runReaders(kind)
  return run()
}

function given(name: string): string | undefined {
  return process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
}

/** Runs what `--only=orders,events` names, or everything. */
async function run(): Promise<void> {
  const quick = process.argv.includes('--quick')
  const named = given('only')
  const chosen = named ? named.split(',') : [...parts]
  const unknown = chosen.filter((name) => !parts.some((part) => part === name))
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${parts.join(', ')}`)

  if (chosen.includes('numbers')) await runBenchmarks({ quick })
  const ofOrders = chosen.filter(isOrderPart)
  if (ofOrders.length > 0) await runOrderBenchmarks(ofOrders, { quick })
  if (chosen.includes('starvation')) await runStarvation(starvationSettings(quick))
}

/** `--rows=1600000 --users=500000 --leases=200000` for the full size; `--scenario=flood` for some of them. */
function starvationSettings(quick: boolean): StarvationSettings {
  const number = (name: string, usual: number, small: number) =>
    Number(given(name) ?? (quick ? small : usual))
  return {
    seconds: number('seconds', 4, 0.5),
    rows: number('rows', 200_000, 2_000),
    users: number('users', 100_000, 2_000),
    leases: number('leases', 200_000, 2_000),
    named: given('scenario'),
  }
}
