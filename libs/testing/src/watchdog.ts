import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Its stdin is a pipe from us, and is closed when we end in any way, also by kill -9. Then it ends the server of
 * the data folder, if there still is one, and deletes the folder.
 */
const script = `
  read -r never
  folder=$(cd -P "$0" && pwd) || exit 0
  pid_file="$folder/cluster/postmaster.pid"
  [ -e "$pid_file" ] && kill -QUIT "$(head -n 1 "$pid_file")"
  for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$pid_file" ] && sleep 1; done
  rm -rf "$folder" "$0"
`

/** Makes sure that an embedded PostgreSQL and its folder do not outlive this process. */
export function removeWhenWeDie(dataFolder: string): void {
  // Detached, so that Ctrl-C does not reach it.
  const watchdog = spawn('/bin/sh', ['-c', script, dataFolder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  ;(watchdog.stdin as unknown as Socket).unref()
}
