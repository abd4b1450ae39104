import { certificateFilesOf, readPemFiles } from '@ordinal/config'
import { Client, Connection, type ClientConfig } from 'pg'

/** How a connection is encrypted: not at all, or by TLS that checks as much of the server's certificate. */
export type Encryption = false | Exclude<ClientConfig['ssl'], boolean | undefined>

// What a URL says of TLS. pg itself takes `prefer`, `require` and `verify-ca` for `verify-full`.
const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey']

/**
 * The encryptions that a URL allows, in the order in which they are tried, by `sslmode` as libpq has it:
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION. A socket in a folder has none, whatever the
 * mode. Without a root certificate, or with `sslrootcert=system`, `verify-full` asks the authorities that Node knows.
 *
 * @returns undefined if the URL says nothing, so that pg decides
 * @throws Error if a certificate or key cannot be read
 */
export function encryptionsOf(url: string): Encryption[] | undefined {
  const { hostname, searchParams } = new URL(url)
  const mode = searchParams.get('sslmode')
  if (mode === null) return undefined
  const host = searchParams.get('host') ?? decodeURIComponent(hostname)
  if (mode === 'disable' || host.startsWith('/')) return [false]

  const files = readPemFiles(certificateFilesOf(searchParams))
  const anybody: Encryption = { ...files, rejectUnauthorized: false }
  const anyName: Encryption = { ...files, checkServerIdentity: () => undefined }
  switch (mode) {
    case 'allow':
      return [false, anybody]
    case 'prefer':
      return [anybody, false]
    case 'require':
      // With a root certificate it checks as much as verify-ca.
      return [files.ca === undefined ? anybody : anyName]
    case 'verify-ca':
      return [anyName]
    default:
      return [files]
  }
}

// The last has what is left: a server that is slow, and not gone, answers it.
const firstAttemptsMs = [500, 500, 1_000]
const leastLastAttemptMs = 2_000

/**
 * pg's client, for URLs whose `sslmode` means what it means to libpq. To connect it has `connectionTimeoutMillis` in all, and
 * no attempt of it waits that long for a server that takes the connection and says nothing, as one whose machine has
 * died behind a balancer: the first is given up after half a second, and the next, which may be led elsewhere, is made at once.
 */
export class DatabaseClient extends Client {
  readonly #config: ClientConfig
  /** The encryptions that are left to try if the server refuses the one before. */
  readonly #encryptions: Encryption[]
  readonly #attemptTimeoutsMs: number[]
  /** Why a certificate or key could not be read. A pool makes clients where nothing would catch it. */
  readonly #unreadable: Error | undefined

  constructor(config: ClientConfig) {
    const { encryptions = [], unreadable } = readEncryptions(config.connectionString)
    const [first, ...others] = encryptions
    const [timeoutMs, ...attemptTimeoutsMs] = attemptTimeoutsOf(config)
    const settings = {
      ...config,
      ...(first !== undefined && withEncryption(config, first)),
      connectionTimeoutMillis: timeoutMs,
    }
    super(settings)
    this.#config = settings
    this.#encryptions = others
    this.#attemptTimeoutsMs = attemptTimeoutsMs
    this.#unreadable = unreadable
  }

  override connect(): Promise<this>
  override connect(callback: (error?: Error) => void): void
  override connect(callback?: (error?: Error) => void): Promise<this> | void {
    if (callback) return this.#connect(callback)
    return new Promise((resolve, reject) => this.#connect((error) => (error ? reject(error) : resolve(this))))
  }

  // Callbacks and no promises: whoever connects listens for errors from within the callback of pg on.
  #connect(callback: (error?: Error) => void): void {
    if (this.#unreadable) return process.nextTick(callback, this.#unreadable)
    try {
      super.connect((error?: Error) => {
        if (error && this.#mayTryAgain(error)) this.#connect(callback)
        else callback(error)
      })
    } catch (error) {
      // As for a port that no port can be.
      this.#abandonConnection()
      process.nextTick(callback, error)
    }
  }

  /** Whether there is something left to try after a failure; then the client is ready for it. */
  #mayTryAgain(error: Error): boolean {
    if (error.message === attemptExpired) {
      const timeoutMs = this.#attemptTimeoutsMs.shift()
      if (timeoutMs === undefined) return false
      this.#startAnew({ _connectionTimeoutMillis: timeoutMs })
      return true
    }
    if (!maySucceedOtherwise(error)) return false
    const ssl = this.#encryptions.shift()
    if (ssl === undefined) return false
    this.#startAnew({ ssl })
    return true
  }

  /** Puts the client back to before it connected, which pg has no method for. */
  #startAnew(changed: { ssl?: Encryption; _connectionTimeoutMillis?: number }): void {
    this.#abandonConnection()
    const { ssl = (this as unknown as { ssl: Encryption }).ssl } = changed
    Object.assign(this, {
      ...changed,
      connection: new Connection({ ...this.#config, ssl }),
      _connecting: false,
      _connectionError: false,
      _ended: false,
    })
  }

  /**
   * What pg does when the server challenges it. The answer is computed meanwhile, and pg sends it over the connection that the
   * client has by then: one that was made since would break by it. So it goes to the one that was challenged.
   */
  _handleAuthSASLContinue(challenge: unknown): Promise<void> {
    const { connection, saslSession } = this as unknown as Challenged
    const challenged = Object.create(this, {
      connection: { value: connection },
      saslSession: { value: saslSession },
    }) as Challenged
    return answerChallenge.call(challenged, challenge)
  }

  #abandonConnection(): void {
    const { connection } = this as unknown as { connection: Connection }
    connection.removeAllListeners()
    connection.on('error', ignore)
    connection.stream.on('error', ignore).destroy()
  }
}

interface Challenged {
  connection: Connection
  saslSession: unknown
}

const { _handleAuthSASLContinue: answerChallenge } = Client.prototype as unknown as {
  _handleAuthSASLContinue: (this: Challenged, challenge: unknown) => Promise<void>
}

// What pg says when its `connectionTimeoutMillis` has passed.
const attemptExpired = 'timeout expired'

/** How long each attempt to connect may take. Too short a time for several is for one; without a limit there is one. */
function attemptTimeoutsOf({ connectionTimeoutMillis: totalMs = 0 }: ClientConfig): number[] {
  const lastMs = firstAttemptsMs.reduce((leftMs, ms) => leftMs - ms, totalMs)
  return lastMs >= leastLastAttemptMs ? [...firstAttemptsMs, lastMs] : [totalMs]
}

/** The user of a URL. */
export const userOf = (url: string): string => new Client({ connectionString: withoutTls(url) }).user ?? ''

function readEncryptions(url = ''): { encryptions?: Encryption[] | undefined; unreadable?: Error } {
  try {
    return { encryptions: encryptionsOf(url) }
  } catch (error) {
    return { encryptions: [false], unreadable: error as Error }
  }
}

function withEncryption({ connectionString = '' }: ClientConfig, ssl: Encryption): ClientConfig {
  return { connectionString: withoutTls(connectionString), ssl }
}

/** Whether the server, or the rules of its pg_hba.conf, refused the connection for being encrypted or not. */
function maySucceedOtherwise({ code, message }: Error & { code?: string }): boolean {
  const isHandshake = code === 'EPROTO' || code?.startsWith('ERR_SSL')
  return code === '28000' || isHandshake === true || / SSL connection/.test(message)
}

function withoutTls(url: string): string {
  const plain = new URL(url)
  for (const parameter of parameters) plain.searchParams.delete(parameter)
  return plain.href
}

function ignore() {}
