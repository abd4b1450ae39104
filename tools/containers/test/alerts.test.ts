import { spawnSync } from 'node:child_process'
import { testNeeding } from '@ordinal/testing'
import { get } from './calls'
import { compose, eventually, root } from './docker'

const alerts = ['--profile', 'alerts']
const succeeds = (...args: string[]) => spawnSync('docker', args, { cwd: root }).status === 0
const withAlertmanager = testNeeding('image of Alertmanager', hasImage(), 'an alert that reaches it')

/** Whether there is an image of Alertmanager, here or at its registry; not where there is no Docker. */
function hasImage(): boolean {
  const names = ['compose', ...alerts, 'config', '--images', 'alertmanager']
  const { stdout } = spawnSync('docker', names, { cwd: root, encoding: 'utf8' })
  const image = stdout?.trim()
  return Boolean(image) && (succeeds('image', 'inspect', image) || succeeds('pull', '--quiet', image))
}

afterAll(() => compose('--profile', '*', 'down', '--volumes', '--remove-orphans'), 120_000)

withAlertmanager(
  'Alertmanager takes its configuration, and ServiceDown reaches the receiver `pager`',
  async () => {
    await compose('--profile', '*', 'down', '--volumes', '--remove-orphans')
    await compose(...alerts, 'up', '--detach', '--wait', '--no-build', 'prometheus', 'alertmanager')
    type Alert = { labels: { alertname: string; job: string }; receivers: { name: string }[] }
    const down = await eventually(
      async () =>
        ((await get('http://localhost:9093/api/v2/alerts')) as Alert[]).filter(
          ({ labels }) => labels.alertname === 'ServiceDown',
        ),
      ({ length }) => length === 3,
      150_000,
    )
    expect(down.map(({ labels }) => labels.job).sort()).toEqual([
      'order-service',
      'sequencer',
      'user-service',
    ])
    for (const { receivers } of down) expect(receivers).toEqual([{ name: 'pager' }])
  },
  300_000,
)
