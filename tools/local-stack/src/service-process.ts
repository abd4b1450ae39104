import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lastErrors, openServiceLog } from './service-log'
import type { ServiceDefinition } from './services'
import type { Settings } from './settings'

const readyWithinMs = 60_000
// A shutdown is bounded: 10 s for the requests under way, and 3 s for what they do not wait for.
const stopWithinMs = 15_000
const restartsPerMinute = 5

export interface ServiceProcess {
  /**
   * Resolves when the service takes requests; from then on it is started again whenever it ends.
   *
   * @throws Error with the service's own last errors when it ends before, or is not ready within a minute.
   */
  ready(interruption: AbortSignal): Promise<void>
  /**
   * Ends the service and starts it from its new bundle. Resolves when that takes requests.
   *
   * @throws Error with the service's last errors if it does not: it stays down until the next time.
   */
  reload(): Promise<void>
  /** Ends the service, by force if it takes longer than 15 seconds. */
  stop(): Promise<void>
}

/**
 * Starts a service from its bundle.
 *
 * @param tell takes a line for the user when the service ends and is started again.
 */
export function launchService(
  { name, url, environment }: ServiceDefinition,
  settings: Settings,
  tell: (line: string) => void,
): ServiceProcess {
  const program = join(settings.folders.bundles, name, 'main.js')
  if (!existsSync(program)) throw new Error(`${program} is missing: run "make build" first`)
  const logFile = join(settings.folders.logs, `${name}.log`)
  const log = openServiceLog(logFile)
  const stopping = new AbortController()
  const restarts: number[] = []
  let hasBeenReady = false
  let child = start()

  function start(): ChildProcess {
    const started = spawn(process.execPath, [program], {
      cwd: settings.root,
      env: { ...settings.environment, ...environment },
      // The service ends when the channel does, and so when we are killed.
      stdio: ['ignore', log, log, 'ipc'],
      // Ctrl-C is for us alone: to a service, a second signal means to end at once.
      detached: true,
      windowsHide: true,
    })
    started.on('exit', (code, signal) => {
      if (hasBeenReady) restart(started, signal ?? `exit code ${code}`).catch(() => {})
    })
    return started
  }

  async function restart(ended: ChildProcess, ending: string): Promise<void> {
    if (stopping.signal.aborted) return
    const recent = restarts.filter((time) => time > Date.now() - 60_000).length
    if (recent === restartsPerMinute) {
      return tell(
        `${name} ended (${ending}) once too often within a minute, and stays down; its log: ${logFile}`,
      )
    }
    const waitMs = 500 * 2 ** recent
    tell(`${name} ended (${ending}), and is started again in ${waitMs / 1000} s; its log: ${logFile}`)
    await delay(waitMs, undefined, { signal: stopping.signal })
    // A reload did not wait that long.
    if (child !== ended) return
    restarts.push(Date.now())
    child = start()
  }

  async function ready(interruption: AbortSignal): Promise<void> {
    const deadline = Date.now() + readyWithinMs
    while (!(await isReady(url)) || hasEnded(child)) {
      interruption.throwIfAborted()
      if (hasEnded(child)) throw startFailure(`${name} ended while it was starting:`, logFile)
      if (Date.now() > deadline) throw startFailure(`${name} is not ready after a minute:`, logFile)
      await delay(50)
    }
    hasBeenReady = true
  }

  async function end(): Promise<void> {
    if (hasEnded(child)) return
    const force = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
    // Windows has no SIGTERM, and the service ends without its channel, too.
    if (process.platform === 'win32') child.disconnect()
    else child.kill('SIGTERM')
    await once(child, 'exit')
    clearTimeout(force)
  }

  return {
    ready,

    async reload() {
      // What ends before it has been ready is not started again by itself.
      hasBeenReady = false
      await end()
      stopping.signal.throwIfAborted()
      child = start()
      await ready(stopping.signal)
    },

    async stop() {
      stopping.abort()
      await end()
    },
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  )
}

function startFailure(what: string, logFile: string): Error {
  return new Error([what, ...lastErrors(logFile), `Its log: ${logFile}`].join('\n  '))
}
