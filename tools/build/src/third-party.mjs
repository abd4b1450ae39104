import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'
import { PackageURL } from 'packageurl-js'
import satisfies from 'spdx-satisfies'
import { root } from './services.mjs'

/** The licences (SPDX) under which somebody else's code may be part of what we ship: none obliges those who use it. */
const allowed = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]

/**
 * Puts beside a bundle what it is made of: sbom.cdx.json (CycloneDX) and THIRD-PARTY-LICENSES.txt. Both are the same
 * bytes for the same bundle.
 *
 * @param files every file of others that is in the bundle or beside it: those of esbuild's metafile, and copied ones
 * @throws where a package names no licence, or one that is not allowed
 */
export function describeThirdParties(output, name, files) {
  const packages = packagesOf(files)
  const refused = packages.filter(({ license }) => !isAllowed(license))
  if (refused.length)
    throw new Error(
      `${name} cannot be shipped: ${refused.map((found) => `${found.name} ${found.version} is under "${found.license}"`).join(', ')}. ` +
        'Use another package, or allow the licence in tools/build/src/third-party.mjs.',
    )
  writeFileSync(join(output, 'sbom.cdx.json'), billOfMaterials(name, packages))
  writeFileSync(join(output, 'THIRD-PARTY-LICENSES.txt'), licenceTexts(packages))
}

/** The licences of the packages that files belong to, as texts. */
export const licencesOfFiles = (files) => licenceTexts(packagesOf(files))

/** The packages of npm that files belong to, each version once, by name: { name, version, license, folder }. */
function packagesOf(files) {
  const folders = [...new Set(files.map(folderOf).filter(Boolean))]
  const byVersion = new Map(
    folders.map(readPackage).map((found) => [`${found.name}@${found.version}`, found]),
  )
  return [...byVersion].sort(([a], [b]) => a.localeCompare(b, 'en')).map(([, found]) => found)
}

function readPackage(folder) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  // Packages from before SPDX have a list.
  return { name, version, license: license ?? licenses?.map(({ type }) => type).join(' OR '), folder }
}

/** node_modules/<name> in which a file is, or node_modules/@<scope>/<name>; nothing for a file of ours. */
function folderOf(file) {
  const parts = resolve(file).split(sep)
  const start = parts.lastIndexOf('node_modules')
  if (start < 0) return undefined
  return parts.slice(0, start + (parts[start + 1].startsWith('@') ? 3 : 2)).join(sep)
}

function isAllowed(license) {
  try {
    return satisfies(license, allowed)
  } catch {
    return false // It is no expression of SPDX.
  }
}

function billOfMaterials(name, packages) {
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const service = new Models.Component(Enums.ComponentType.Application, name, {
    version,
    bomRef: name,
    licenses: licencesOf(license),
  })
  const parts = packages.map(componentOf)
  for (const { bomRef } of parts) service.dependencies.add(bomRef)
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: service }),
    components: new Models.ComponentRepository(parts),
  })
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`
}

function componentOf({ name, version, license }) {
  const [scope, own] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const purl = new PackageURL('npm', scope, own, version).toString()
  return new Models.Component(Enums.ComponentType.Library, own, {
    group: scope,
    version,
    purl,
    bomRef: purl,
    licenses: licencesOf(license),
  })
}

const licencesOf = (license) =>
  new Models.LicenseRepository([
    license.includes(' ') ? new Models.LicenseExpression(license) : new Models.SpdxLicense(license),
  ])

/** What most of the licences ask for: each package's own text, under its name. */
function licenceTexts(packages) {
  return packages
    .map(({ name, version, license, folder }) => {
      const texts = readdirSync(folder)
        .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file) && !/\.(js|ts)$/.test(file))
        .sort()
        .map((file) => readFileSync(join(folder, file), 'utf8').trim())
      return [`${name} ${version} (${license})`, ...texts].join('\n\n')
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n')
}
