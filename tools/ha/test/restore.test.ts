import { existsSync } from 'node:fs'
import { testNeeding } from '@ordinal/testing'
import { postgresqlBin } from '../src/programs'
import { restoreDrill } from '../src/restore/drill'
import type { Method } from '../src/restore/servers'

// The short form of `make restore-drill`.
const needs: Record<Method, boolean> = {
  basebackup: postgresqlBin() !== undefined,
  pgbackrest: postgresqlBin() !== undefined && existsSync('/usr/bin/pgbackrest'),
}

describe.each(['basebackup', 'pgbackrest'] as const)('a ledger that is restored by %s', (method) => {
  const withPrograms = testNeeding('postgresql or pgbackrest', needs[method], `a restore by ${method}`)
  withPrograms(
    'issues no number a second time: it refuses first, and what it lost is an explained gap',
    async () => {
      const drilled = await restoreDrill(method, (line) => process.stdout.write(`${line}\n`), {
        numbers: 100,
        // Other suites run beside this one.
        restMs: 25,
      })
      expect(drilled).toMatchObject({ refused: true, silent: true, found: true, fits: true })
      expect(drilled.explained).toBe(drilled.missing)
      expect(drilled.missing).toBeGreaterThan(0)
      expect(drilled.proof.doubled).toEqual([])
    },
    600_000,
  )
})
