import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { objectsIn, production, render, root } from '../src/chart'
import { program } from '../src/programs'
import { withPrograms } from '../src/with-programs'

// `make manifests` writes what these tests compare.
const writes = process.env.ORDINAL_WRITE_DEPLOY === '1'
const manifests = join(root, 'deploy/kubernetes')

/** The manifests of production: a file for each template that gives any. */
function filesOfToday(): Record<string, string> {
  const files: Record<string, string> = {}
  for (const part of render(production).split(/^---$/m)) {
    const [, template] = /^# Source: ordinal\/templates\/(.+)$/m.exec(part) ?? []
    const text = part.replace(/^# Source: .*\n/m, '').trim()
    if (template && objectsIn(text).length > 0) files[template] = `${files[template] ?? header}---\n${text}\n`
  }
  files['kustomization.yaml'] = `${header}apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${['namespace.yaml', ...Object.keys(files).sort()].map((file) => `  - ${file}\n`).join('')}`
  files['namespace.yaml'] = `${header}apiVersion: v1
kind: Namespace
metadata:
  name: ordinal
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: latest
`
  return files
}
const header =
  '# Made from deploy/helm/ordinal with values-production.yaml by "make manifests": do not edit.\n'

withPrograms('what is made from the chart', () => {
  test('deploy/kubernetes has the manifests of production', () => {
    const today = filesOfToday()
    if (writes) {
      rmSync(manifests, { recursive: true, force: true })
      mkdirSync(manifests, { recursive: true })
      for (const [file, text] of Object.entries(today)) writeFileSync(join(manifests, file), text)
    }
    const there = readdirSync(manifests).map((file) => [file, readFileSync(join(manifests, file), 'utf8')])
    expect(Object.fromEntries(there)).toEqual(today)
  })

  test('kubectl makes the same objects of it', () => {
    const { status, stdout, stderr } = spawnSync(program('kubectl'), ['kustomize', manifests], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    expect([stderr, status]).toEqual(['', 0])
    const byName = (objects: ReturnType<typeof objectsIn>) =>
      Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]))
    const { 'Namespace ordinal': namespace, ...others } = byName(objectsIn(stdout))
    expect(namespace).toBeDefined()
    expect(others).toEqual(byName(objectsIn(render(production))))
  })
})
