import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Builds the services, and writes the files that are made from what they say.
 *
 * @throws Error with all output if a program fails
 */
export function finish(root: string): void {
  const nx = join(root, 'node_modules/nx')
  const { bin } = JSON.parse(readFileSync(join(nx, 'package.json'), 'utf8')) as { bin: { nx: string } }
  run(root, [join(nx, bin.nx), 'run-many', '-t', 'build', '-p', 'generators,tag:type:app'])
  run(root, [join(root, 'dist/tools/generators/main.js')])
  run(root, [join(root, 'packages/client/generate.mjs')])
}

function run(root: string, args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`)
}
