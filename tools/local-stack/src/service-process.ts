import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { variablesOf } from './service-list'
import { failingChecks, lastErrors, openServiceLog } from './service-log'
import type { ServiceDefinition } from './services'
import type { Settings } from './settings'

const readyWithinMs = 60_000
// A check may fail for a moment at the start: nothing to tell.
const tellAfterMs = 5_000
// A shutdown is bounded: 10 s for the requests under way, and 3 s for what they do not wait for.
const stopWithinMs = 15_000
const restartsPerMinute = 5

export interface ServiceProcess {
  /**
   * Resolves when the service takes requests; from then on it is started again whenever it ends. One that answers, and is
   * not ready, is waited for until it is: somebody has to do something, and a line says what.
   *
   * @throws Error with the service's own last errors when it ends before, or does not answer for a minute.
   */
  ready(interruption: AbortSignal): Promise<void>
  /**
   * Ends the service and starts it from its new bundle. Resolves when that takes requests.
   *
   * @throws Error with the service's last errors if it does not within a minute: it stays so until the next time.
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

  /** @param patiently whether it is waited for however long it answers that it is not ready */
  async function becomesReady(interruption: AbortSignal, patiently: boolean): Promise<void> {
    let silentSince = Date.now()
    let unreadySince = Infinity
    let told = false
    for (;;) {
      const readiness = await askReadiness(url, ownCertificate)
      if (readiness === 'ready' && !hasEnded(child)) break
      interruption.throwIfAborted()
      if (hasEnded(child)) throw startFailure(`${name} ended while it was starting:`, logFile)
      const now = Date.now()
      unreadySince = readiness === 'unready' ? Math.min(unreadySince, now) : Infinity
      if (patiently && readiness === 'unready') silentSince = now
      if (now - silentSince > readyWithinMs)
        throw startFailure(
          `${name} ${patiently ? 'does not answer for' : 'is not ready after'} a minute:`,
          logFile,
        )
      if (patiently && !told && now - unreadySince > tellAfterMs) {
        told = true
        tell(notReady(name, logFile))
      }
      await delay(told ? 500 : 50)
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
    ready: (interruption) => becomesReady(interruption, true),

    async reload() {
      // What ends before it has been ready is not started again by itself.
      hasBeenReady = false
      await end()
      stopping.signal.throwIfAborted()
      child = start()
      await becomesReady(stopping.signal, false)
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
function askReadiness(
  url: string,
  certificate: Certificate | undefined,
): Promise<'ready' | 'unready' | 'silent'> {
  return new Promise((resolve) => {
    const options = { timeout: 2_000, agent: false as const }
    const answered = (response: http.IncomingMessage) => {
      response.resume()
      resolve(response.statusCode === 200 ? 'ready' : 'unready')
    }
    const request = certificate
      ? https.get(
          `${url}/health/ready`,
          { ...options, ...read(certificate), rejectUnauthorized: false },
          answered,
        )
      : http.get(`${url}/health/ready`, options, answered)
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve('silent'))
    request.on('close', () => resolve('silent'))
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

/** A line: the service itself says in its log why it is not ready, and what to do. */
function notReady(name: string, logFile: string): string {
  const why = failingChecks(logFile).join('; ') || 'it gives no reason'
  return `${name} is not ready, and is waited for: ${why}; its log: ${logFile}`
}

function startFailure(what: string, logFile: string): Error {
  return new Error([what, ...lastErrors(logFile), `Its log: ${logFile}`].join('\n  '))
}
