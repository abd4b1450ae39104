import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { shellEnvironment } from '../src/repository-copy'

export type Shell = ReturnType<typeof openShell>

/** A shell into which the blocks of a page are pasted one after the other: what one of them sets, the next ones have. */
export function openShell(folder: string) {
  const bash = spawn('bash', { cwd: folder, env: shellEnvironment() })
  let printed = ''
  let complaints = ''
  bash.stdout.setEncoding('utf8').on('data', (text) => (printed += text))
  bash.stderr.setEncoding('utf8').on('data', (text) => (complaints += text))
  let closed = false
  const end = once(bash, 'close').then(() => (closed = true))

  return {
    /** Gives what a block prints. Fails if its last command does. */
    async run(block: string): Promise<string> {
      printed = complaints = ''
      bash.stdin.write(`{ ${block}\n} </dev/null\necho; echo "ended with $?"\n`)
      let ended: RegExpExecArray | null
      while (!(ended = /\nended with (\d+)\n$/.exec(printed))) {
        if (closed) throw new Error(`the shell has ended:\n${printed}${complaints}`)
        await Promise.race([once(bash.stdout, 'data'), end])
      }
      if (ended[1] !== '0') throw new Error(`It ends with ${ended[1]}:\n${printed}${complaints}`)
      return printed.slice(0, ended.index)
    },

    async close(): Promise<void> {
      bash.stdin.end()
      await end
    },
  }
}
