import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../src/chart'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-upgrade-script-'))
  mkdirSync(join(folder, 'bin'))
  cpSync(join(root, 'deploy/production/upgrade.sh'), join(folder, 'deploy/production/upgrade.sh'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const program = (name: string, script: string) => {
  writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${script}\n`)
  chmodSync(join(folder, 'bin', name), 0o755)
}

/** Runs deploy/production/upgrade.sh where docker only notes what it is asked for; gives that, and the exit code. */
function upgrade(containers: string[], fails = 'nothing') {
  const calls = join(folder, 'calls')
  writeFileSync(calls, '')
  program(
    'docker',
    `case "$*" in
      *"config --services") printf '%s\\n' ${containers.join(' ')};;
      *) echo "\${@: -1}" >>${calls};;
    esac
    case "$*" in *${fails}*) exit 1;; esac`,
  )
  program('sleep', ':')
  const { status } = spawnSync('bash', [join(folder, 'deploy/production/upgrade.sh')], {
    env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  })
  return { status, calls: readFileSync(calls, 'utf8').trimEnd().split('\n') }
}

const containers = [
  ...['haproxy', 'migrate-order-service', 'order-service-2', 'order-service-10', 'order-service-1'],
  ...['sequencer-1', 'sequencer-2', 'sequencer-db', 'user-service-1', 'user-service-2'],
]

test('migrates all, and then replaces each instance that there is, one after the other', () => {
  expect(upgrade(containers)).toEqual({
    status: 0,
    calls: [
      ...['migrate-sequencer', 'migrate-user-service', 'migrate-order-service'],
      ...['sequencer-1', 'sequencer-2', 'user-service-1', 'user-service-2'],
      ...['order-service-1', 'order-service-2', 'order-service-10'],
    ],
  })
})

test('replaces none when a migration fails, and no other when one does not become healthy', () => {
  expect(upgrade(containers, 'migrate-user-service')).toEqual({
    status: 1,
    calls: ['migrate-sequencer', 'migrate-user-service'],
  })
  expect(upgrade(containers, 'sequencer-2').calls.at(-1)).toBe('sequencer-2')
})

test('a service that has no instance ends it, rather than be left at the old version', () => {
  expect(upgrade(['sequencer-1', 'order-service-1'])).toMatchObject({ status: 1 })
})
