import { startEmbeddedPostgres, type StartOptions } from '../src'

// Run as a process of its own: starts a server with the options given as JSON, prints it, and stays if told to.
async function main() {
  const { stay, ...options } = JSON.parse(process.argv[2]!) as StartOptions & { stay?: boolean }
  const { port, pid, adopted, adminUrl } = await startEmbeddedPostgres(options)
  console.log(JSON.stringify({ port, pid, adopted, adminUrl }))
  if (stay) setInterval(() => {}, 1_000)
}

void main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
