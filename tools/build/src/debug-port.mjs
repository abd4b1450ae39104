// Prints the debug port of a service, as the environment, .env or services.json has it; nothing if there is no such service.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listedServices, root } from './services.mjs'

const envFile = join(root, '.env')
if (existsSync(envFile)) process.loadEnvFile(envFile)
const service = listedServices.find(({ name }) => name === process.argv[2])
if (service) {
  const variable = `${service.name.toUpperCase().replaceAll('-', '_')}_DEBUG_PORT`
  console.log(process.env[variable] || service.debugPort)
}
