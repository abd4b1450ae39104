import type { Command } from 'commander'
import { checkpointsOf } from '../checkpoints'
import { exitCodes } from '../exit-codes'
import type { Output } from '../output'
import type { Run } from '../run'
import { integer } from '../values'
import { gatherFacts } from './gather'
import { counted, type Finding } from './finding'
import { judge } from './judge'

interface Options {
  checkpoint?: string
  checkpointHours: number
}

/** `ordinal doctor`: one look at a whole installation. */
export function addDoctorCommand(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look at a whole installation, and say what is wrong and what to do')
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere, or a log with some: the last of it')
    .option('--checkpoint-hours <n>', 'from which age on it is too old', integer, 24)
    .action(
      run(async ({ ordinal, profile, timeoutMs, output, setExitCode }, options: Options) => {
        const facts = await gatherFacts({
          ordinal,
          profile,
          verifyLimitMs: timeoutMs,
          checkpoint: options.checkpoint === undefined ? undefined : checkpointsOf(options.checkpoint).at(-1),
          checkpointHours: options.checkpointHours,
        })
        const findings = judge(facts)
        const count = (severity: Finding['severity']) =>
          findings.filter((one) => one.severity === severity).length
        const [errors, warnings] = [count('error'), count('warning')]
        if (errors > 0) setExitCode(exitCodes.serious)
        else if (warnings > 0) setExitCode(exitCodes.found)
        const services = facts.services.map(({ name, health }) => ({
          service: name,
          version: health.is === 'answered' ? health.answer.version : null,
        }))
        output.record({ healthy: errors + warnings === 0, errors, warnings, services, findings })
        show(findings, output)
        output.line(
          errors + warnings === 0
            ? `Nothing has to be done: ${services.map(({ service, version }) => `${service} ${version}`).join(', ')}`
            : `${counted(errors, 'error', 'errors')}, ${counted(warnings, 'warning', 'warnings')}`,
        )
      }),
    )
}

/** For people: what was found, and below it what to do. */
function show(findings: readonly Finding[], output: Output): void {
  for (const { severity, service, found, action } of findings) {
    output.line(`${severity.padEnd(8)} ${service.padEnd(14)} ${found}`)
    output.line(`${' '.repeat(24)}${action}`)
  }
}
