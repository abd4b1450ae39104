import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { root } from '@ordinal/system-tests'
import { alertNames, configFile, folder, ruleFiles, ruleTestFiles, textOf } from '../src/monitoring'
import { withPrometheus } from './with-prometheus'

const promtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}
const passes = { status: 0, output: expect.stringContaining('SUCCESS') as string }

withPrometheus('promtool', () => {
  test('accepts the configuration', () => {
    expect(promtool('check', 'config', configFile)).toEqual(passes)
  })

  test.each(ruleFiles().map((file) => [basename(file), file]))('accepts %s', (_, file) => {
    expect(promtool('check', 'rules', '--lint-fatal', file)).toEqual(passes)
  })

  test.each(ruleTestFiles().map((file) => [basename(file), file]))('finds that %s holds', (_, file) => {
    expect(promtool('test', 'rules', file)).toEqual(passes)
  })

  test('control: with alerts that wait for a day, no file of tests holds', () => {
    const copy = mkdtempSync(join(tmpdir(), 'ordinal-rules-'))
    cpSync(join(folder, 'rules'), copy, { recursive: true })
    for (const file of ruleFiles()) {
      const patient = readFileSync(file, 'utf8').replace(/for: \w+$/gm, 'for: 1d')
      writeFileSync(join(copy, basename(file)), patient)
    }
    for (const file of ruleTestFiles())
      expect(promtool('test', 'rules', join(copy, basename(file))).status).toBe(1)
    rmSync(copy, { recursive: true })
  })
})

test('each alert says what is wrong and what to do, and how bad it is', () => {
  for (const file of ruleFiles()) {
    const [, ...alerts] = textOf(file).split(/^ +- alert: /m)
    for (const alert of alerts) {
      for (const part of ['severity: (critical|warning)$', 'summary: ', 'description: ', 'action: '])
        expect(alert).toMatch(new RegExp(`^ +${part}`, 'm'))
    }
  }
})

test('each alert is tested: it fires, and is silent before and after', () => {
  const checks = ruleTestFiles().flatMap((file) =>
    textOf(file)
      .split(/^ +- alertname: /m)
      .slice(1),
  )
  const countOf = (alert: string, expectation: string) =>
    checks.filter((check) => check.startsWith(`${alert}\n`) && check.includes(expectation)).length
  expect(alertNames().length).toBeGreaterThan(10)
  for (const alert of alertNames()) {
    const tested = { fires: countOf(alert, 'exp_labels:'), isSilent: countOf(alert, 'exp_alerts: []') }
    expect({ alert, ...tested }).toEqual({ alert, fires: 1, isSilent: 2 })
  }
})

const runbooks = textOf(join(root, 'docs/runbooks.md'))

test('docs/runbooks.md has a part for each alert, and for no other, which says what to look at and what to do', () => {
  const [, ...parts] = runbooks.split(/^### /m)
  expect(parts.map((part) => part.split('\n', 1)[0]).sort()).toEqual(alertNames().sort())
  for (const part of parts) {
    expect(part).toMatch(/^\*\*Look\*\*: /m)
    expect(part).toMatch(/^\*\*Do\*\*: /m)
  }
})

test('each alert leads to its part', () => {
  for (const file of ruleFiles()) {
    const [, ...alerts] = textOf(file).split(/^ +- alert: /m)
    for (const alert of alerts) {
      const [name] = alert.split('\n', 1)
      expect(alert).toContain(`runbook_url: docs/runbooks.md#${name!.toLowerCase()}\n`)
    }
  }
})
