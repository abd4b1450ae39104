import type { Command } from 'commander'
import type { Run } from './run'
import { collect, moment, wholeFromZero } from './values'

const columns = ['id', 'name', 'state', 'scopes', 'expires_at', 'last_used_at', 'created_by']

/** The commands about API keys. */
export function addKeyCommands(program: Command, run: Run): void {
  const keys = program.command('keys').description('API keys: list, create, rotate, revoke')
  keys
    .command('list')
    .description('list the managed API keys')
    .action(run(({ ordinal, output }) => output.many(ordinal.apiKeys.list(), columns)))
  keys
    .command('create <name>')
    .description('make a key, which is shown this once')
    .option('--scope <scope>', 'what it is limited to, as orders:read; several times for more', collect)
    .option('--expires <moment>', 'when it ends', moment)
    .option('--reason <text>', 'why: it stays on record')
    .action(
      run(async ({ ordinal, output }, name: string, { scope, expires, reason }: CreateOptions) => {
        const { key, api_key } = await ordinal.apiKeys.create({
          name,
          scopes: scope ?? null,
          expires_at: expires ?? null,
          reason,
        })
        output.one({ key, id: api_key.id, name: api_key.name, expires_at: api_key.expires_at })
      }),
    )
  keys
    .command('rotate <id>')
    .description('make a key in place of another, which ends after the overlap')
    .requiredOption('--overlap <seconds>', 'for how long both are valid', wholeFromZero)
    .option('--expires <moment>', 'when the new one ends; else when the old one would have', moment)
    .option('--reason <text>', 'why: it stays on record')
    .action(
      run(async ({ ordinal, output }, id: string, { overlap, expires, reason }: RotateOptions) => {
        const { key, api_key } = await ordinal.apiKeys.rotate(id, {
          overlap_seconds: overlap,
          expires_at: expires,
          reason,
        })
        output.one({ key, id: api_key.id, replaces: api_key.replaces, expires_at: api_key.expires_at })
      }),
    )
  keys
    .command('revoke <id>')
    .description('end a key within seconds, everywhere')
    .option('--reason <text>', 'why: it stays on record')
    .action(
      run(async ({ ordinal, output }, id: string, { reason }: { reason?: string }) => {
        await ordinal.apiKeys.revoke(id, { reason })
        output.line(`The key ${id} is revoked`)
      }),
    )
}

interface CreateOptions {
  scope?: string[]
  expires?: string
  reason?: string
}
interface RotateOptions {
  overlap: number
  expires?: string
  reason?: string
}
