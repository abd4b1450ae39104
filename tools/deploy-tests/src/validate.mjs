// Reads objects of Kubernetes as JSON, and writes what their schemas have against each, a line of JSON for each. A process of its
// own: the packages with the schemas are modules that Jest does not load.
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

const [, , folder] = process.argv
const packages = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'cert-manager.io': '@kubernetes-models/cert-manager',
}
const load = (name) => import(pathToFileURL(`${folder}/node_modules/${name}/index.js`).href)

const faults = []
for (const object of JSON.parse(await text(process.stdin))) {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : ''
  const where = `${object.kind} ${object.metadata?.name}`
  try {
    const version = await load(`${packages[group] ?? 'kubernetes-models'}/${object.apiVersion}`)
    const Model = version[object.kind]
    if (!Model) faults.push(`${where}: ${object.apiVersion} has no such kind`)
    else new Model(object).validate()
  } catch (error) {
    faults.push(`${where}: ${error.message}`)
  }
}
process.stdout.write(JSON.stringify(faults))
