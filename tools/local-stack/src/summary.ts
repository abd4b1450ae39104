import type { ServiceDefinition } from './services'

interface Addresses {
  userService: ServiceDefinition
  orderService: ServiceDefinition
  sequencer: ServiceDefinition
  postgresUrl: string
  logFolder: string
  /** Undefined where tokens come from elsewhere. */
  adminToken: string | undefined
}

/** What the user sees when all is up: where everything is, and three calls to paste into a shell. */
export function summarize({
  userService,
  orderService,
  sequencer,
  postgresUrl,
  logFolder,
  adminToken,
}: Addresses): string {
  const services = [userService, orderService, sequencer].map(
    ({ name, port }) =>
      `  ${name.padEnd(14)} http://localhost:${port}    its API: http://localhost:${port}/docs`,
  )
  return `
Ordinal runs. Ctrl-C stops it.

${services.join('\n')}
  ${'gRPC'.padEnd(14)} localhost:${orderService.grpcPort} (orders), localhost:${sequencer.grpcPort} (the sequencer's)
  ${'PostgreSQL'.padEnd(14)} ${postgresUrl}
  ${'profiles'.padEnd(14)} http://localhost:${sequencer.debugPort}/debug/pprof/ (users ${userService.debugPort}, orders ${orderService.debugPort}), or make pprof-cpu
  ${'logs'.padEnd(14)} ${logFolder}
${adminToken === undefined ? '' : `\nAn administrator's token, for 12 hours; "make token ROLE=viewer" prints others:\n\n  ${adminToken}\n`}
Try it: a user, an order of theirs (user_id is the id that the first call answers), and a number.

  curl localhost:${userService.port}/api/v1/users -H 'Content-Type: application/json' \\
    -d '{"email":"ada-'$(date +%s)'@example.com","name":"Ada Lovelace","age":36}'

  curl localhost:${orderService.port}/api/v1/orders -H 'Content-Type: application/json' \\
    -d '{"user_id":1,"product_id":"PROD-123","quantity":2,"total_price":99.99}'

  curl "localhost:${sequencer.port}/api/v1/next/SG?client_id=erp-system"
`
}
