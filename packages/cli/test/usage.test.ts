import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const program = join(__dirname, '../dist/main.js')

function ordinal(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    )
  })
}

test.each<[string[], string]>([
  [[], 'Usage: ordinal'],
  [['users'], 'Usage: ordinal users'],
  [['users', 'get', 'abc'], "'abc' is invalid for argument 'id'. It is a whole number"],
  [['orders', 'set', '1', 'gone'], "'gone' is invalid for argument 'status'. It is one of pending,"],
  [['import', 'SG', '/nothing/here.csv'], '/nothing/here.csv is not there\n'],
  [['import', 'SG', tmpdir()], 'is a directory\n'],
  [['export', '/nothing/export.ndjson'], '/nothing is not there\n'],
])('ordinal %j ends with 2, and says why', async (args, told) => {
  const { code, output } = await ordinal(...args)
  expect(output).toContain(told)
  expect(code).toBe(2)
})

test.each([['--help'], ['help'], ['--version']])('ordinal %s ends with 0', async (arg) => {
  expect((await ordinal(arg)).code).toBe(0)
})
