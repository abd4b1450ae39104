import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { variablesOf } from './service-list'
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
  const ownCertificate = certificateOf(name, settings.environment)
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
    while (!(await isReady(url, ownCertificate)) || hasEnded(child)) {
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

/**
 * Asks a service whether it is ready. Whoever answers on the port of this machine is believed: nothing is sent but the question.
 *
 * @param certificate its own, where it serves TLS: it may ask its clients for one
 */
function isReady(url: string, certificate: Certificate | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { timeout: 2_000, agent: false as const }
    const answered = (response: http.IncomingMessage) => {
      response.resume()
      resolve(response.statusCode === 200)
    }
    const request = certificate
      ? https.get(
          `${url}/health/ready`,
          { ...options, ...read(certificate), rejectUnauthorized: false },
          answered,
        )
      : http.get(`${url}/health/ready`, options, answered)
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('close', () => resolve(false))
  })
}

interface Certificate {
  certFile: string
  keyFile: string
}

function certificateOf(name: string, environment: NodeJS.ProcessEnv): Certificate | undefined {
  const prefix = `${variablesOf(name)}_TLS`
  const { [`${prefix}_CERT_FILE`]: certFile, [`${prefix}_KEY_FILE`]: keyFile } = environment
  return certFile && keyFile ? { certFile, keyFile } : undefined
}

/** The service itself says what is wrong with its files. */
function read({ certFile, keyFile }: Certificate): { cert?: Buffer; key?: Buffer } {
  try {
    return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
  } catch {
    return {}
  }
}

function startFailure(what: string, logFile: string): Error {
  return new Error([what, ...lastErrors(logFile), `Its log: ${logFile}`].join('\n  '))
}
