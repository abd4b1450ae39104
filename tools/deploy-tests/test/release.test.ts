import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../src/chart'
import { withPrograms } from '../src/with-programs'
import {
  jobsBefore,
  pathsIn,
  readWorkflow,
  targetsIn,
  workflowsFolder,
  type Job,
  type Workflow,
} from '../src/workflows'

// No workflow runs here: what can be seen without one.
const files = readdirSync(workflowsFolder)

withPrograms('the workflows', () => {
  test.each(files)('%s names files and targets that are there, and each job ends in time', (file) => {
    const workflow = readWorkflow(file)
    expect(pathsIn(workflow).filter((path) => !existsSync(join(root, path)))).toEqual([])
    const targets = readFileSync(join(root, 'Makefile'), 'utf8')
      .split('\n')
      .flatMap((line) => line.split(':')[0]!.split(' '))
    expect(targetsIn(workflow).filter((target) => !targets.includes(target))).toEqual([])
    // A workflow that is called has limits of its own.
    const unlimited = Object.entries(workflow.jobs).filter(([, job]) => !job.uses && !job['timeout-minutes'])
    expect(unlimited.map(([name]) => name)).toEqual([])
  })

  test('control: a file and a target that are not there are found', () => {
    const run = 'tools/build/src/nothing.sh "packages/cli/package.json"; make nothing'
    const workflow = { jobs: { a: { steps: [{ run }] } } }
    expect(pathsIn(workflow)).toEqual(['tools/build/src/nothing.sh', 'packages/cli/package.json'])
    expect(targetsIn(workflow)).toEqual(['nothing'])
    expect(targetsIn(readWorkflow('ci.yml'))).toEqual(expect.arrayContaining(['check', 'docker-check']))
    expect(pathsIn(readWorkflow('release.yml'))).toContain('tools/build/src/release-notes.sh')
  })
})

withPrograms('the release', () => {
  let workflow: Workflow
  beforeAll(() => void (workflow = readWorkflow('release.yml')))
  const publishing = ['images', 'chart', 'packages', 'release']

  test('publishes nothing before all that CI checks, and what nobody can take back last', () => {
    expect(workflow.jobs.tests!.uses).toBe('./.github/workflows/ci.yml')
    expect(readFileSync(join(workflowsFolder, 'ci.yml'), 'utf8')).toContain('\n  workflow_call:\n')
    for (const name of publishing)
      expect([...jobsBefore(workflow, name)]).toEqual(expect.arrayContaining(['services', 'tests']))
    expect([...jobsBefore(workflow, 'chart')]).toContain('images')
    expect([...jobsBefore(workflow, 'packages')]).toEqual(expect.arrayContaining(['images', 'chart']))
    expect([...jobsBefore(workflow, 'release')]).toEqual(expect.arrayContaining(publishing.slice(0, 3)))
  })

  test('each job may do what it does, and no more', () => {
    const toRegistry = {
      contents: 'read',
      packages: 'write',
      'id-token': 'write',
      attestations: 'write',
    }
    expect(
      Object.fromEntries(Object.entries(workflow.jobs).map(([name, job]) => [name, job.permissions])),
    ).toEqual({
      services: { contents: 'read' },
      tests: { contents: 'read' },
      images: toRegistry,
      chart: toRegistry,
      packages: { contents: 'read', 'id-token': 'write' },
      release: { contents: 'write', actions: 'read', 'id-token': 'write', attestations: 'write' },
    })
    const withToken = Object.entries(workflow.jobs).filter(([, job]) =>
      JSON.stringify(job).includes('secrets.NPM_TOKEN'),
    )
    expect(withToken.map(([name]) => name)).toEqual(['packages'])
  })

  const placeOf = ({ steps = [] }: Job, text: string) =>
    steps.findIndex((step) => JSON.stringify(step).includes(text))

  test('an image gets its tags when it is signed, one of them that by which the chart names it', () => {
    const { images } = workflow.jobs
    const build = images!.steps![placeOf(images!, 'docker/build-push-action@')]!
    expect(build.with).not.toHaveProperty('tags')
    expect(build.with!.outputs).toContain('push-by-digest=true')
    const tagging = placeOf(images!, 'imagetools create')
    expect(tagging).toBe(images!.steps!.length - 1)
    for (const before of ['cosign sign', 'actions/attest@', 'sbom-path']) {
      expect(placeOf(images!, before)).toBeGreaterThan(0)
      expect(placeOf(images!, before)).toBeLessThan(tagging)
    }
    expect(images!.steps![tagging]!.run).toContain('"${GITHUB_REF_NAME#v}"')
  })

  test('a run that died can be run again: what is there stays, and kept files are kept anew', () => {
    const { images, chart, packages, release } = workflow.jobs
    for (const job of [images, chart, packages])
      for (const { uses, with: given } of job!.steps!.filter((step) =>
        step.uses?.includes('upload-artifact@'),
      ))
        expect([uses, given]).toEqual([uses, expect.objectContaining({ overwrite: true })])
    expect(placeOf(images!, 'imagetools inspect')).toBeLessThan(placeOf(images!, 'docker/build-push-action@'))
    expect(placeOf(chart!, 'helm pull')).toBe(placeOf(chart!, 'helm push'))
    expect(placeOf(packages!, 'npm view')).toBe(placeOf(packages!, 'npm publish'))
    expect(placeOf(release!, 'gh release view')).toBe(placeOf(release!, 'gh release create'))
  })
})

describe('the tag of a release', () => {
  const check = (tag: string) => {
    const program = join(root, 'tools/build/src/check-release.mjs')
    const { status, stderr } = spawnSync(process.execPath, [program, tag], { encoding: 'utf8' })
    return { status, stderr }
  }

  test('is the version of all that is published', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(check(`v${version}`)).toEqual({ status: 0, stderr: '' })
  })

  test('is refused if it is not, or has no part in the changelog, with all that differs', () => {
    const { status, stderr } = check('v99.0.0')
    expect(status).toBe(1)
    for (const what of ['package.json', 'packages/cli/package.json', 'appVersion of the chart'])
      expect(stderr).toContain(`::error::${what} is `)
    expect(stderr).toContain('::error::CHANGELOG.md has no part for 99.0.0')
  })
})
