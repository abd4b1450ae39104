import { spawnSync } from 'node:child_process'
import { testNeeding } from '@ordinal/testing'
import { get } from './calls'
import { compose, eventually, root } from './docker'

const alerts = ['--profile', 'alerts']
const succeeds = (...args: string[]) => spawnSync('docker', args, { cwd: root }).status === 0
const { stdout: image } = spawnSync('docker', ['compose', ...alerts, 'config', '--images', 'alertmanager'], {
  cwd: root,
  encoding: 'utf8',
})
const hasImage = succeeds('image', 'inspect', image.trim()) || succeeds('pull', '--quiet', image.trim())
const withAlertmanager = testNeeding('image of Alertmanager', hasImage, 'an alert that reaches it')

afterAll(() => compose('--profile', '*', 'down', '--volumes', '--remove-orphans'), 120_000)

withAlertmanager(
  'Alertmanager takes its configuration, and an alert of services that are away reaches the one who is to be woken up',
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
