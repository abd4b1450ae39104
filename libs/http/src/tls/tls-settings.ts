import {
  boolean,
  CertificateError,
  readCertificates,
  seconds,
  variable,
  type CertificateFiles,
  type Fault,
} from '@ordinal/config'
import { z } from 'zod'

/** The variables by which a service speaks TLS on its HTTP and gRPC ports. */
export function tlsVariables(service: string) {
  return {
    tlsCertFile: variable(`${service}_TLS_CERT_FILE`, z.string(), {
      description:
        'PEM file with the certificate of the service, followed by those between it and its authority: HTTP and gRPC are then served by TLS only',
      optional: true,
      example: '/run/tls/tls.crt',
    }),
    tlsKeyFile: variable(`${service}_TLS_KEY_FILE`, z.string(), {
      description: 'PEM file with the private key of the certificate, without a password',
      optional: true,
      example: '/run/tls/tls.key',
    }),
    tlsCaFile: variable(`${service}_TLS_CA_FILE`, z.string(), {
      description: 'PEM file with the authorities that sign the certificates of clients',
      optional: true,
      example: '/run/tls/ca.crt',
    }),
    tlsRequireClientCertificate: variable(`${service}_TLS_REQUIRE_CLIENT_CERTIFICATE`, boolean(), {
      description:
        'Whether a client without a certificate of these authorities is disconnected, on every path: the debug listener has probes for those that have none',
      default: false,
    }),
    tlsReloadMs: variable('TLS_RELOAD_INTERVAL', seconds({ unit: 'ms' }), {
      description:
        'Seconds between two looks at the files of certificates; what was found twice takes effect',
      default: 5,
    }),
  }
}

/** How a service speaks TLS: what `tlsVariables` parse to. */
export interface TlsSettings {
  /** In clear text without. */
  tlsCertFile?: string | undefined
  tlsKeyFile?: string | undefined
  tlsCaFile?: string | undefined
  tlsRequireClientCertificate?: boolean
  tlsReloadMs?: number
}

/** The faults of these settings: files that do not go together, or cannot be used. */
export function faultsOfTls(service: string, settings: TlsSettings): Fault[] {
  const name = {
    certFile: `${service}_TLS_CERT_FILE`,
    keyFile: `${service}_TLS_KEY_FILE`,
    caFile: `${service}_TLS_CA_FILE`,
  }
  const { tlsCertFile, tlsCaFile, tlsKeyFile, tlsRequireClientCertificate = false } = settings
  const files = { certFile: tlsCertFile, keyFile: tlsKeyFile, caFile: tlsCaFile }
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined)) return [unpaired(name, tlsCertFile)]
  const required = `${service}_TLS_REQUIRE_CLIENT_CERTIFICATE`
  if (tlsRequireClientCertificate && (tlsCertFile === undefined || tlsCaFile === undefined))
    return [fault(tlsCertFile ? name.caFile : name.certFile, `must be set: ${required} is true`)]
  if (tlsCaFile !== undefined && !tlsRequireClientCertificate)
    return [
      fault(name.caFile, `is for the certificates of clients, which nothing asks for: set ${required}=true`),
    ]
  return faultsOfFiles(name, files)
}

/** The variables by which a service calls others by TLS. */
export function callTlsVariables(service: string) {
  return {
    callCaFile: variable(`${service}_CALLS_TLS_CA_FILE`, z.string(), {
      description:
        'PEM file with the authorities that the certificates of called services (https:// URLs) are checked against; without it those that Node knows',
      optional: true,
      example: '/run/tls/ca.crt',
    }),
    callCertFile: variable(`${service}_CALLS_TLS_CERT_FILE`, z.string(), {
      description: 'PEM file with the certificate that called services are shown',
      optional: true,
      example: '/run/tls/tls.crt',
    }),
    callKeyFile: variable(`${service}_CALLS_TLS_KEY_FILE`, z.string(), {
      description: 'PEM file with its private key, without a password',
      optional: true,
      example: '/run/tls/tls.key',
    }),
  }
}

/** How a service calls others by TLS: what `callTlsVariables` parse to. */
export interface CallTlsSettings {
  callCaFile?: string | undefined
  callCertFile?: string | undefined
  callKeyFile?: string | undefined
}

/** The files by which other services are called; undefined if there are none. */
export function filesOfCalls(settings: CallTlsSettings): CertificateFiles | undefined {
  const { callCaFile, callCertFile, callKeyFile } = settings
  if (callCaFile === undefined && callCertFile === undefined) return undefined
  return { caFile: callCaFile, certFile: callCertFile, keyFile: callKeyFile }
}

/**
 * The faults of these settings. In production what was to be called by TLS is not called in clear text.
 *
 * @param urls those of the called services, by their variables
 */
export function faultsOfCallTls(
  service: string,
  settings: CallTlsSettings & { nodeEnv: string | undefined },
  urls: Readonly<Record<string, string | undefined>>,
): Fault[] {
  const { callCaFile, callCertFile, callKeyFile, nodeEnv } = settings
  const start = `${service}_CALLS_TLS`
  const name = { certFile: `${start}_CERT_FILE`, keyFile: `${start}_KEY_FILE`, caFile: `${start}_CA_FILE` }
  if ((callCertFile === undefined) !== (callKeyFile === undefined)) return [unpaired(name, callCertFile)]
  const files = filesOfCalls(settings)
  if (!files) return []
  const given = callCaFile === undefined ? name.certFile : name.caFile
  const clear = Object.entries(urls).flatMap(([variable, url]) =>
    nodeEnv === 'production' && /^http:/i.test(url ?? '')
      ? fault(
          variable,
          `is http://, and NODE_ENV is production: ${given} says that calls go by TLS; use https://`,
        )
      : [],
  )
  return [...faultsOfFiles(name, files), ...clear]
}

/**
 * The faults of files that cannot be used.
 *
 * @param names the variables that name them
 */
function faultsOfFiles(names: Record<keyof CertificateFiles, string>, files: CertificateFiles): Fault[] {
  try {
    readCertificates(files)
    return []
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return [fault(names[error.file], `is ${error.message}`)]
  }
}

const unpaired = (names: { certFile: string; keyFile: string }, certFile: string | undefined) =>
  fault(
    certFile === undefined ? names.certFile : names.keyFile,
    `must be set, or neither of ${names.certFile} and ${names.keyFile}`,
  )

const fault = (variable: string, says: string): Fault => ({ variable, message: `${variable} ${says}` })
