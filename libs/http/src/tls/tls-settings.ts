import { boolean, seconds, variable, type Fault } from '@ordinal/config'
import { z } from 'zod'
import { CertificateError, readCertificates, type CertificateFiles } from './read-certificates'

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
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined))
    return [
      fault(
        tlsCertFile ? name.keyFile : name.certFile,
        `must be set, or neither of ${name.certFile} and ${name.keyFile}`,
      ),
    ]
  const required = `${service}_TLS_REQUIRE_CLIENT_CERTIFICATE`
  if (tlsRequireClientCertificate && (tlsCertFile === undefined || tlsCaFile === undefined))
    return [fault(tlsCertFile ? name.caFile : name.certFile, `must be set: ${required} is true`)]
  if (tlsCaFile !== undefined && !tlsRequireClientCertificate)
    return [
      fault(name.caFile, `is for the certificates of clients, which nothing asks for: set ${required}=true`),
    ]
  return faultsOfFiles(name, files)
}

/**
 * The faults of files that cannot be used.
 *
 * @param names the variables that name them
 */
export function faultsOfFiles(
  names: Record<keyof CertificateFiles, string>,
  files: CertificateFiles,
): Fault[] {
  try {
    readCertificates(files)
    return []
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return [fault(names[error.file], `is ${error.message}`)]
  }
}

const fault = (variable: string, says: string): Fault => ({ variable, message: `${variable} ${says}` })
