import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testNeeding } from '@ordinal/testing'
import { familyOf, isAlive, signal, start, until } from '../src/programs'
import { reaping } from '../src/reaping'

const withPython = testNeeding(
  'python3',
  existsSync('/usr/bin/python3'),
  'a program whose orphans are reaped',
)

withPython(
  'a process that a program has left behind is reaped when it ends, and the program goes on',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ordinal-reaping-'))
    const script = '(sleep 300 & echo $! >orphan); sleep 300'
    const [command, ...args] = reaping('/bin/sh', ['-c', script])
    const program = start({ name: 'parent', command, args, folder, asPostgres: false })
    try {
      const file = join(folder, 'orphan')
      const orphan = await until('the orphan', () => existsSync(file) && Number(readFileSync(file, 'utf8')))
      await until('it is an orphan', () => parentOf(orphan) === program.pid)
      signal([orphan], 'SIGKILL')
      // Not even a zombie of it is there.
      await until('it is reaped', () => !existsSync(`/proc/${orphan}`))
      expect(isAlive(program.pid)).toBe(true)
    } finally {
      signal(familyOf(program.pid), 'SIGKILL')
      rmSync(folder, { recursive: true })
    }
  },
)

/** The command's name, in brackets, may have spaces. */
const parentOf = (pid: number) => Number(/.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
