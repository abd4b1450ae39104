import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suiteNeeding } from '@ordinal/testing'
import { alertNames, folder } from '../src/monitoring'

const amtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('amtool', args, { encoding: 'utf8' })
  return { status, stdout, stderr }
}
const file = join(folder, 'alertmanager.yml')
const isInstalled = amtool('--version').status === 0

suiteNeeding('amtool', isInstalled)('the configuration of Alertmanager, by amtool', () => {
  test('accepts the configuration', () => {
    expect(amtool('check-config', file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('SUCCESS') as string,
    })
  })

  test.each([
    ['critical', 'pager'],
    ['warning', 'team'],
  ])('sends what is %s to the %s', (severity, receiver) => {
    const { stdout } = amtool(
      ...['config', 'routes', 'test', `--config.file=${file}`],
      ...['alertname=ServiceDown', 'job=sequencer', `severity=${severity}`],
    )
    expect(stdout.trim()).toBe(receiver)
  })

  test('writes what is wrong, what to do, and where that is said in full', () => {
    const text = '{{ template "ordinal.title" . }}: {{ template "ordinal.text" . }}'
    const { status, stdout, stderr } = amtool(
      ...['template', 'render', `--template.glob=${join(folder, 'alertmanager.tmpl')}`],
      ...[`--template.text=${text}`],
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('What to do: ')
  })
})

test('rules of inhibition name alerts that exist', () => {
  const named = [...readFileSync(file, 'utf8').matchAll(/alertname=(~?)"([^"]+)"/g)]
  expect(named.length).toBeGreaterThan(4)
  for (const [, isPattern, name] of named) {
    const matches = isPattern
      ? (alert: string) => new Set(name!.split('|')).has(alert) || startsOrEndsAs(name!, alert)
      : (alert: string) => alert === name
    expect([name, alertNames().some(matches)]).toEqual([name, true])
  }
})

/** `Some.*` and `.+Thing`, and choices of them. */
const startsOrEndsAs = (pattern: string, alert: string) =>
  pattern.split('|').some((choice) => {
    const text = choice.replace(/\.[*+]/, '')
    if (choice.endsWith('.*')) return alert.startsWith(text)
    return choice.startsWith('.+') && alert.endsWith(text)
  })
