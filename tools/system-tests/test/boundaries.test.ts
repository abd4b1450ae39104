import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './service'

/** What eslint says of a file that is there for the moment. */
function lint(file: string, source: string): string {
  const path = join(root, file)
  writeFileSync(path, source)
  try {
    return execFileSync('npx', ['eslint', '--no-color', file], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, NX_DAEMON: 'false' },
    })
  } catch (error) {
    return (error as { stdout: string }).stdout
  } finally {
    rmSync(path)
  }
}

test.each([
  [
    'an app that imports another app',
    'apps/order-service/src/illegal.ts',
    `import '../../user-service/src/users'\n`,
    '@nx/enforce-module-boundaries',
  ],
  [
    'an app that imports a tool',
    'apps/order-service/src/illegal.ts',
    `import '../../../tools/local-stack/src/settings'\n`,
    '@nx/enforce-module-boundaries',
  ],
  [
    'a library that imports an app',
    'libs/service/src/illegal.ts',
    `import '../../../apps/user-service/src/users'\n`,
    '@nx/enforce-module-boundaries',
  ],
  [
    'a library that reads the environment',
    'libs/service/src/illegal.ts',
    `export const port = process.env.PORT\n`,
    'Take configuration as a parameter',
  ],
  [
    'a service that ends the process',
    'apps/order-service/src/illegal.ts',
    `process.exit(1)\n`,
    'only main.ts ends the process',
  ],
  [
    "a service that uses Prisma's transactions",
    'apps/order-service/src/illegal.ts',
    `import type { PrismaClient } from './generated/prisma/client'\nexport const run = (prisma: PrismaClient) => prisma.$transaction([])\n`,
    'Use transaction() of @ordinal/database',
  ],
])('%s is refused', (_, file, source, complaint) => {
  expect(lint(file, source)).toContain(complaint)
})

test('a service that imports a library is fine', () => {
  expect(lint('apps/order-service/src/legal.ts', `import '@ordinal/service'\n`)).toBe('')
})
