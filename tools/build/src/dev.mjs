// Starts a service and starts it again after every change of its sources: `node tools/build/src/dev.mjs user-service`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { context } from 'esbuild'
import { bundleOptions, copyAssets, root } from './bundle-options.mjs'
import { join } from 'node:path'

const project = join('apps', process.argv[2])
process.chdir(join(root, project))

let child
async function restart() {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  child = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist', project, 'main.js')], {
    cwd: root,
    stdio: 'inherit',
  })
}

const startAfterBuild = {
  name: 'start-after-build',
  setup: ({ onEnd }) => onEnd(({ errors }) => (errors.length === 0 ? restart() : undefined)),
}
copyAssets()
const options = bundleOptions()
const watching = await context({
  ...options,
  plugins: [...options.plugins, startAfterBuild],
  logLevel: 'info',
})
await watching.watch()

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    child?.kill('SIGTERM')
    await watching.dispose()
  })
}
