import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../src/cluster'

test.each(['pgbackrst', 'basebackup,', 'toString'])(
  'a restore drill of the method %s does not begin',
  (only) => {
    const drill = spawnSync(process.execPath, [
      join(root, 'dist/tools/ha/main.js'),
      'restore-drill',
      `--only=${only}`,
    ])
    expect(drill.stderr.toString()).toContain('is none of basebackup, pgbackrest')
    expect(drill.status).toBe(1)
  },
)
