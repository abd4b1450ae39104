import { CertificateError, readCertificates, type CertificateFiles } from './certificates'

/** The parameters of a URL that name the files of TLS, as libpq calls them. */
const parameterOf = { caFile: 'sslrootcert', certFile: 'sslcert', keyFile: 'sslkey' } as const
export const certificateParameters: readonly string[] = Object.values(parameterOf)

/** The files that parameters of a URL name. `system` is none: it stands for the authorities that Node knows. */
export function certificateFilesOf(parameters: URLSearchParams): CertificateFiles {
  const ca = parameters.get(parameterOf.caFile)
  return {
    caFile: ca === 'system' ? undefined : (ca ?? undefined),
    certFile: parameters.get(parameterOf.certFile) ?? undefined,
    keyFile: parameters.get(parameterOf.keyFile) ?? undefined,
  }
}

/**
 * What is wrong with the files that a URL names, if anything is: what follows the name of its variable in a line. Found at the
 * start, and not with the first connection.
 */
export function faultOfFiles(parameters: URLSearchParams): string | undefined {
  try {
    readCertificates(certificateFilesOf(parameters))
    return undefined
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return `has ${parameterOf[error.file]}=${error.message}`
  }
}
