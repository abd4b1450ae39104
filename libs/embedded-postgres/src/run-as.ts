import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The account PostgreSQL runs under; `undefined` wherever an Account is optional means our own. */
export interface Account {
  uid: number
  gid: number
}

export const isWindows = process.platform === 'win32'

/**
 * What PostgreSQL's programs see of the environment. Not ours: a LD_LIBRARY_PATH or a locale that is not
 * installed would stop them, and their messages are read here, in English.
 */
export const serverEnvironment: NodeJS.ProcessEnv = {
  LC_ALL: 'C',
  TZ: 'UTC',
  ...(isWindows ? windowsEnvironment() : { PATH: '/usr/bin:/bin' }),
}

/** Without these no program starts there. */
function windowsEnvironment(): NodeJS.ProcessEnv {
  // eslint-disable-next-line no-restricted-properties -- of the system, and no configuration of ours
  const { PATH, SystemRoot, TEMP } = process.env
  return { PATH, SystemRoot, TEMP }
}

/**
 * Runs a program to its end as `account` and gives what it wrote to stdout.
 *
 * @throws Error when it cannot be started or fails; the message holds what it wrote to stderr.
 */
export async function runAs(account: Account | undefined, program: string, args: string[]): Promise<string> {
  // `cwd` must be a folder that every account may enter: it is entered before the account changes.
  const options = { ...account, cwd: '/', env: serverEnvironment }
  const { stdout } = await promisify(execFile)(program, args, options)
  return stdout.trim()
}
