import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../../..')

/** The services with their ports: services.json. */
export const listedServices = JSON.parse(readFileSync(join(root, 'services.json'), 'utf8'))

/** Their names, which are those of their folders in `apps/`. */
export const services = listedServices.map(({ name }) => name)
