import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startCluster } from './cluster'
import { drill, faults, type Drilled, type Fault } from './drill'
import { endAll } from './ending'
import { Interrupted, interruption } from './interruption'
import { inNamespaces, onLoopback, ownNetwork, whyNoNamespaces } from './network'
import { missingPackages, type Program } from './programs'
import { restoreDrill } from './restore/drill'
import type { Method } from './restore/servers'

const methods: Method[] = ['basebackup', 'pgbackrest']
const folder = process.env.HA_FOLDER ?? '/var/tmp/ordinal-ha'
const stateFile = `${folder}.json`
const interrupted = interruption()
const say = (line: string) => void process.stdout.write(`${line}\n`)

void main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(error instanceof Interrupted ? error.exitCode : 1)
  },
)

async function main(): Promise<number> {
  const [command, ...options] = process.argv.slice(2)
  const given = (name: string) =>
    options.find((option) => option.startsWith(`--${name}=`))?.slice(name.length + 3)
  switch (command) {
    case 'up':
      return up()
    case 'down':
      return down()
    case 'drill':
      return runDrill(Number(given('kills') ?? 10), given('only'), given('control') !== 'no')
  }
  if (command === 'restore-drill') return runRestoreDrill(chosenOf(given('only'), methods))
  process.stderr.write(
    `Usage: restore-drill [--only=${methods.join(',')}], up, down or drill [--kills=10] [--only=${Object.keys(faults).join(',')}]\n`,
  )
  return 2
}

/** Starts the cluster, and leaves it running. */
async function up(): Promise<number> {
  if (existsSync(stateFile)) throw new Error('It is up already; make ha-down ends it')
  say('Starting etcd, Patroni, HAProxy and two of each service.')
  const cluster = await startCluster({
    folder,
    network: onLoopback('127.27.0'),
    synchronous: true,
    interrupted,
  })
  mkdirSync(dirname(stateFile), { recursive: true })
  writeFileSync(stateFile, JSON.stringify(cluster.running()), { mode: 0o600 })
  say(
    `users      ${cluster.urls.users}\norders     ${cluster.urls.orders}\nsequencer  ${cluster.urls.sequencer}`,
  )
  say(
    `logs       ${folder}\nThe leader is node ${await cluster.leader()}. make ha-down ends it all, and deletes its data.`,
  )
  return 0
}

async function down(): Promise<number> {
  if (!existsSync(stateFile)) throw new Error('It is not up')
  await endAll(folder, JSON.parse(readFileSync(stateFile, 'utf8')) as Program[])
  rmSync(stateFile)
  rmSync(folder, { recursive: true, force: true })
  return 0
}

/** Runs every fault as often, and then the control, which must lose something. Gives 1 if anything is lost that must not be. */
async function runDrill(kills: number, only: string | undefined, control: boolean): Promise<number> {
  const missing = missingPackages()
  if (missing.length > 0) throw new Error(`Missing here: apt-get install ${missing.join(' ')}`)
  const kinds = chosenOf(only, Object.keys(faults) as Fault[])
  const why = kinds.includes('cut') ? whyNoNamespaces() : undefined
  if (why) say(`SKIPPED: cut, the network of a leader that is cut off, since ${why}`)
  const plan = kinds
    .filter((kind) => kind !== 'cut' || !why)
    .flatMap((kind) => Array.from({ length: kills }, () => kind))
  const strict = await withCluster(true, plan)
  report('Strict synchronous replication', strict)
  const isWell = faultsOf(strict) === 0 && strict.fits && strict.checkpointFinds.length === 0
  if (!control) return isWell ? 0 : 1
  const lossy = await withCluster(
    false,
    Array.from({ length: kills }, (): Fault => 'lagging'),
  )
  report('Control: asynchronous replication', lossy)
  // A drill that could not see a loss would prove nothing.
  const controlLoses = lossy.proof.lost.length > 0 && lossy.checkpointFinds.length > 0
  if (!controlLoses) say('The control lost nothing, or its checkpoint did not show it.')
  return isWell && controlLoses ? 0 : 1
}

function chosenOf<Name extends string>(only: string | undefined, all: readonly Name[]): Name[] {
  const chosen = (only?.split(',') ?? all) as Name[]
  const unknown = chosen.find((name) => !all.includes(name))
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${all.join(', ')}`)
  return chosen
}

/** In namespaces only if something is cut: nothing else needs root. */
async function withCluster(synchronous: boolean, plan: readonly Fault[]): Promise<Drilled> {
  const network = plan.includes('cut') ? inNamespaces(ownNetwork(10)) : onLoopback(ownNetwork(127))
  const options = { folder: join('/var/tmp', `ordinal-ha-${process.pid}`), network, synchronous, interrupted }
  const cluster = await startCluster(options)
  const done = await Promise.race([drill(cluster, plan, say), interrupted]).catch(async (error: unknown) => {
    const isFault = !(error instanceof Interrupted)
    await cluster.stop({ keep: isFault })
    if (!isFault) throw error
    throw new Error(`${(error as Error).message}; the logs are in ${options.folder}`, { cause: error })
  })
  await cluster.stop()
  return done
}

const faultsOf = ({ proof: { lost, doubled, unexplained } }: Drilled) =>
  lost.length + doubled.length + unexplained.length

function report(title: string, { pausesMs, proof, fits, checkpointFinds }: Drilled): void {
  say(`\n${title}`)
  for (const [fault, pauses] of Object.entries(pausesMs))
    if (pauses.length > 0) {
      const seconds = pauses.map((ms) => ms / 1000).sort((a, b) => a - b)
      const [least, median, most] = [seconds[0]!, medianOf(seconds), seconds.at(-1)!]
      say(
        `  ${fault.padEnd(10)} ${pauses.length} times, ${least.toFixed(1)} to ${most.toFixed(1)} s without a number, median ${median.toFixed(1)}`,
      )
    }
  say(`  acknowledged: ${proof.numbers} numbers, ${proof.orders} orders`)
  for (const kind of ['lost', 'doubled', 'unexplained'] as const) {
    say(`  ${kind}: ${proof[kind].length}`)
    for (const line of proof[kind].slice(0, 5)) say(`    ${line}`)
  }
  say(`  verify says that the ledger ${fits ? 'fits' : 'does not fit'}`)
  say(`  a checkpoint that was kept elsewhere finds: ${checkpointFinds.join(', ') || 'nothing'}`)
}

/** Of sorted values. */
function medianOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  return (values[Math.floor(middle)]! + values[Math.ceil(middle)]!) / 2
}

/** Loses and restores a ledger, with each method. Gives 1 if a number came twice, or one that was lost is not explained. */
async function runRestoreDrill(chosen: readonly Method[]): Promise<number> {
  let exitCode = 0
  for (const method of chosen) {
    const drilled = await restoreDrill(method, say, { interrupted })
    const { proof, missing, explained, skipped, refused, silent, found, fits } = drilled
    say(`\n${method}`)
    say(`  acknowledged: ${proof.numbers} numbers, ${proof.orders} orders`)
    say(
      `  missing after the restore: ${missing} numbers, of which ${explained} are void on record, with the reason`,
    )
    say(`  given a second time: ${proof.doubled.length}`)
    say(`  values skipped: ${skipped}`)
    say(
      `  the service refused to issue before: ${refused}; restore-check found nothing before the loss: ${silent}, and what was lost after it: ${found}; verify fits: ${fits}`,
    )
    if (!refused || !silent || !found || !fits || explained !== missing || proof.doubled.length > 0)
      exitCode = 1
  }
  return exitCode
}
