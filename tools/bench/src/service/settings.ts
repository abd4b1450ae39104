import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { loadEnvFile } from '@ordinal/config'
import { root } from '../root'

export const parts = ['numbers', 'batches', 'orders', 'reads'] as const
export type Part = (typeof parts)[number]
export const services = ['sequencer', 'order-service', 'user-service'] as const
export type Service = (typeof services)[number]

/** What is measured, where, and for how long. */
export interface ServiceSettings {
  urls: Record<Service, URL>
  /** The sequence that the numbers are drawn from. */
  prefix: string
  parts: readonly Part[]
  connections: number
  /** Of each measurement. */
  seconds: number
  /** Sent as X-API-Key, if there is one. */
  apiKey?: string
  /** Of the role admin: to define the sequence, if there is none. */
  token?: string
}

/** The variable that says where a service is. */
export const urlVariableOf = (service: Service) => `${service.toUpperCase().replaceAll('-', '_')}_URL`

/**
 * Reads what is to be measured: URLs and secrets from the environment, the rest from the arguments.
 *
 * @param given an argument by its name
 * @throws Error if a value is none, or if real documents could be disturbed and nobody has said CONFIRM=yes
 */
export function readServiceSettings(
  environment: NodeJS.ProcessEnv,
  given: (name: string) => string | undefined,
): ServiceSettings {
  loadEnvFile(join(root, '.env'), environment)
  const urls = Object.fromEntries(
    services.map((service) => [service, urlOf(service, environment)]),
  ) as ServiceSettings['urls']
  const prefix = environment.PREFIX || 'BENCH'
  if (environment.CONFIRM !== 'yes') requireHarmless(urls, prefix)
  return {
    urls,
    prefix,
    parts: readParts(given('only')),
    connections: readCount('CONNECTIONS', given('connections') ?? '64', 10_000),
    seconds: readCount('SECONDS', given('seconds') ?? '10', 3_600),
    ...(environment.API_KEY && { apiKey: environment.API_KEY }),
    ...(environment.TOKEN && { token: environment.TOKEN }),
  }
}

/** Numbers that are issued stay issued: what is not meant for it is left alone. */
function requireHarmless(urls: ServiceSettings['urls'], prefix: string): void {
  const away = Object.values(urls).find(({ hostname }) => !isThisMachine(hostname))
  if (away)
    throw new Error(
      `${away.origin} is not on this machine, and a measurement leaves numbers and orders there that stay: CONFIRM=yes if you want that`,
    )
  if (!/^bench/i.test(prefix))
    throw new Error(
      `PREFIX=${prefix} does not begin with BENCH, and the numbers that are drawn from it stay issued: CONFIRM=yes if you want that`,
    )
}

/** Whether a host is this machine by its name or address alone: loopback. */
export const isThisMachine = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))

/**
 * Where a service is: as its variable says, else where `make run` has it.
 *
 * @throws Error if the variable holds no URL
 */
export function urlOf(service: Service, environment: NodeJS.ProcessEnv): URL {
  const variable = urlVariableOf(service)
  const text = environment[variable] || `http://localhost:${portOf(service, environment)}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(`${variable}=${text} is no URL: give one as in ${variable}=http://localhost:8083`)
  return url
}

function portOf(service: Service, environment: NodeJS.ProcessEnv): string {
  const listed = JSON.parse(readFileSync(join(root, 'services.json'), 'utf8')) as {
    name: string
    port: number
  }[]
  const variable = urlVariableOf(service).replace(/URL$/, 'PORT')
  return environment[variable] || String(listed.find(({ name }) => name === service)!.port)
}

function readParts(named: string | undefined): readonly Part[] {
  if (!named) return parts
  const chosen = named.split(',')
  const unknown = chosen.filter((name) => !parts.some((part) => part === name))
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${parts.join(', ')}`)
  return parts.filter((part) => chosen.includes(part))
}

function readCount(variable: string, text: string, most: number): number {
  const value = Number(text)
  if (value > 0 && value <= most && (variable === 'SECONDS' || Number.isInteger(value))) return value
  throw new Error(`${variable}=${text} must be a number from 1 to ${most}`)
}
