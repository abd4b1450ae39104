import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { testNeeding } from '@ordinal/testing'
import { root } from '../src/cluster'
import { list, missingPackages, postgresqlBin, until } from '../src/programs'

// What is started outlives the drill unless it ends it: Ctrl-C, or a CI that gives up, must leave nothing.

/** The command lines of the processes that work in a folder, or on its files. */
const processesOf = (folder: string): string[] =>
  list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const isOfIt = commandLine.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
        return isOfIt ? [commandLine] : []
      } catch {
        // It has ended.
        return []
      }
    })

/** Starts a drill, interrupts it when all of the programs run, and gives how it ended, and what is left. */
async function interrupt(args: string[], folderOf: (pid: number) => string, signal: 'SIGINT' | 'SIGTERM') {
  const drill = spawn(process.execPath, [join(root, 'dist/tools/ha/main.js'), ...args], { stdio: 'inherit' })
  const exited = new Promise<number | null>((resolve) => drill.on('exit', resolve))
  const folder = folderOf(drill.pid!)
  try {
    const seen = await until(
      'PostgreSQL and a sequencer run',
      () => {
        const all = processesOf(folder)
        return ['/postgres -D', 'sequencer'].every((name) => all.some((each) => each.includes(name))) && all
      },
      240_000,
    )
    drill.kill(signal)
    return { exitCode: await exited, seen, left: processesOf(folder), folderIsLeft: existsSync(folder) }
  } finally {
    drill.kill('SIGKILL')
  }
}

const withPostgres = testNeeding(
  'postgresql',
  postgresqlBin() !== undefined,
  'a restore drill that is interrupted',
)
withPostgres(
  'a restore drill that is ended leaves no process and no file',
  async () => {
    const folderOf = (pid: number) => `/var/tmp/ordinal-restore-${pid}-basebackup`
    const { seen, ...end } = await interrupt(['restore-drill', '--only=basebackup'], folderOf, 'SIGTERM')
    expect(seen.length).toBeGreaterThan(4)
    expect(end).toEqual({ exitCode: 143, left: [], folderIsLeft: false })
  },
  300_000,
)

const missing = missingPackages()
const withCluster = testNeeding(missing.join(', '), missing.length === 0, 'a cluster that is interrupted')
withCluster(
  'so does one of high availability, while it starts Patroni, etcd and the services',
  async () => {
    const args = ['drill', '--kills=1', '--only=balancer', '--control=no']
    const { seen, ...end } = await interrupt(args, (pid) => `/var/tmp/ordinal-ha-${pid}`, 'SIGINT')
    for (const name of ['etcd', 'patroni', 'haproxy']) expect(seen.join('\n')).toContain(name)
    expect(end).toEqual({ exitCode: 130, left: [], folderIsLeft: false })
  },
  300_000,
)
