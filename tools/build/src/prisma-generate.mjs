// `prisma generate` in the current folder, without the engine that the CLI would fetch from the internet:
// generating a client does not use it, so any program that exits with 0 will do (docs/decisions/0003).
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js')
const engine = process.platform === 'win32' ? process.execPath : '/bin/true'
execFileSync(process.execPath, [prisma, 'generate', '--no-hints'], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, CHECKPOINT_DISABLE: '1' },
})
