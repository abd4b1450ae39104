import { Argument, Command } from 'commander'
import { version } from '../package.json'
import { completionFor, shellNames } from './completion'
import { addDoctorCommand } from './doctor/command'
import { addEventCommands } from './events'
import { exitCodes } from './exit-codes'
import { addExportCommand } from './export'
import { addImportCommand } from './import'
import { addKeyCommands } from './keys'
import { addNumberCommands } from './numbers'
import { createOutput } from './output'
import { profileFor, profilesFile, readProfiles, writeProfiles, type Profile } from './profiles'
import { addRecordCommands } from './records'
import { addRestoreCommand } from './restore/command'
import { runIn } from './run'
import { services, urlOptionOf, urlVariableOf } from './services'
import { integer } from './values'
import { addVerifyCommand } from './verify'
import { addWebhookCommands } from './webhooks'

/** The command line, for a process. */
export function createProgram(host: NodeJS.Process): Command {
  const run = runIn(host)
  const program = new Command('ordinal')
    .description("Ordinal's services from a command line")
    .version(version)
    .option('-p, --profile <name>', 'the installation to use')
    .option('--json', 'print JSON: an object, or one a line')
    .option('--timeout <seconds>', 'time for all attempts of a command', integer, 30)
    .showHelpAfterError('(ordinal --help shows all)')
    .exitOverride(({ exitCode }) => {
      host.exit(exitCode === 0 ? 0 : exitCodes.usage)
    })
    .addHelpText(
      'after',
      `
Exit codes: 0 done, ${exitCodes.found} a check has found something, ${exitCodes.usage} not valid, ${exitCodes.notFound} not found, ${exitCodes.notAllowed} not allowed,
${exitCodes.conflict} conflict, ${exitCodes.unavailable} no answer now, ${exitCodes.serious} doctor has found an error.

Without a profile it is the stack of make run. ${services.map(urlVariableOf).join(', ')},
ORDINAL_TOKEN and ORDINAL_API_KEY override a profile.`,
    )

  addNumberCommands(program, run)
  addVerifyCommand(program, run)
  addImportCommand(program, run)
  addExportCommand(program, run)
  addRecordCommands(program, run)
  addKeyCommands(program, run)
  addEventCommands(program, run)
  addWebhookCommands(program, run)
  addDoctorCommand(program, run)
  addRestoreCommand(program, run)

  const profile = program
    .command('profile [name]')
    .description('show the installation to use, or save one under a name')
  for (const service of services)
    profile.option(`${urlOptionOf(service)} <url>`, `where its ${service.title.toLowerCase()} is`)
  profile
    .option('--token <token>', 'sent as a bearer token')
    .option('--api-key <key>', 'sent as X-API-Key')
    .action(
      run((_, name: string | undefined, given: Profile) => {
        const file = profilesFile(host.env)
        if (name !== undefined && Object.keys(given).length > 0) {
          const profiles = readProfiles(file)
          writeProfiles(file, { ...profiles, [name]: { ...profiles[name], ...given } })
        }
        const { token, apiKey, ...addresses } = profileFor(name, host.env)
        const kept = {
          ...addresses,
          ...(token && { token: '[secret]' }),
          ...(apiKey && { apiKey: '[secret]' }),
        }
        createOutput((text) => void host.stdout.write(text), Boolean(program.opts().json)).one(kept)
      }),
    )

  program
    .command('completion')
    .description('print what a shell reads to complete commands: source <(ordinal completion bash)')
    .addArgument(new Argument('<shell>').choices(shellNames))
    .action((shell: string) => void host.stdout.write(completionFor(shell, program)))

  return program
}
