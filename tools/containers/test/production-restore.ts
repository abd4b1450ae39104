import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stepsOf } from '@ordinal/testing'
import { docker, inspect, root, run } from './docker'
import { hosts, project, type Production } from './production-stack'

/** What `ordinal --json restore-check` prints. */
export interface Checked {
  complete: boolean
  orders_missing: { number: string }[]
  orders_doubled: unknown[]
}

/** Puts a checkpoint of the ledger where the sequencers compare it with the ledger. */
export async function keepCheckpoint({ folder, get }: Production): Promise<void> {
  const { checkpoint } = await get<{ checkpoint: string }>(hosts.numbers, 'GET', '/api/v1/audit/checkpoints')
  const file = join(folder, 'checkpoints/last.jws')
  writeFileSync(`${file}.next`, checkpoint, { mode: 0o644 })
  renameSync(`${file}.next`, file)
}

/** Deletes the database of the ledger, with its volume. */
export async function loseLedger(): Promise<void> {
  await docker('rm', '--force', `${project}-sequencer-db-1`)
  await docker('volume', 'rm', `${project}_sequencer-data`)
}

/** Runs the commands of docs/backup.md that restore on one machine, or those that then let it issue again. */
export async function asDocumented(
  { inFolder }: Production,
  part: 'restore' | 'go on',
  values: Record<string, string> = {},
): Promise<void> {
  const page = readFileSync(join(root, 'docs/backup.md'), 'utf8')
  const section = page.split('\n### Restoring on one machine\n')[1]!.split('\n### ')[0]!
  const [restore, goOn] = stepsOf(section).map(({ command }) => command)
  const [shared] = restore!.split('\n')
  const commands = part === 'restore' ? restore! : `${shared}\n${goOn}`
  await inFolder('bash', '-euc', given(commands.replaceAll('ordinal-prod_', `${project}_`), values))
}

/** The commands with values in place of their examples. */
function given(commands: string, values: Record<string, string>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    const example = new RegExp(`-e ${name}=('[^']*'|\\S+)`)
    if (!example.test(text)) throw new Error(`The documented commands have no ${name}`)
    return text.replace(example, `-e ${name}='${value}'`)
  }, commands)
}

/** Runs `ordinal restore-check` where HAProxy has the names of the services; plan.json is then in the folder. */
export async function restoreCheck({ folder, token }: Production, reason: string): Promise<Checked> {
  await run('npx', ['nx', 'build', 'cli'])
  type Networks = Record<string, { IPAddress: string }>
  const networks = await inspect<Networks>(`${project}-haproxy-1`, '.NetworkSettings.Networks')
  const outside = `${project}_outside`
  const urls = { USERS: hosts.users, ORDERS: hosts.orders, SEQUENCER: hosts.numbers }
  const printed = await docker(
    ...['run', '--rm', '--network', outside, '--volume', `${folder}:/work`, '--workdir', '/work'],
    ...['--volume', `${join(root, 'packages/cli/dist')}:/ordinal:ro`],
    ...Object.values(hosts).flatMap((host) => ['--add-host', `${host}:${networks[outside]!.IPAddress}`]),
    ...Object.entries(urls).flatMap(([name, host]) => ['--env', `ORDINAL_${name}_URL=https://${host}:8443`]),
    ...['--env', `ORDINAL_TOKEN=${token}`, '--env', 'NODE_EXTRA_CA_CERTS=/work/secrets/certificate.pem'],
    ...['node:24-bookworm-slim', 'sh', '-c'],
    // It ends with 1 if something is missing.
    `node /ordinal/main.js --json restore-check --checkpoint checkpoints/last.jws --reason '${reason}' --margin 1000 --plan plan.json || [ $? = 1 ]`,
  )
  return JSON.parse(printed) as Checked
}
