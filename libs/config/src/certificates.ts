import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { readTextFile } from './text-file'

/** The files of one end of TLS, in PEM. */
export interface CertificateFiles {
  /** Its certificate, and those between it and the authority. */
  certFile?: string | undefined
  /** The private key of the certificate, without a password. */
  keyFile?: string | undefined
  /** The certificates of the authorities that the other end is checked against. */
  caFile?: string | undefined
}

/** What the files have, checked. */
export interface Certificates {
  /** For a secure context. */
  options: SecureContextOptions
  /** The authorities, as they are written. */
  ca: string | undefined
  /** When the certificate expires; undefined without one. */
  validTo: Date | undefined
  /** Differs from that of other contents. */
  digest: string
}

/** A file that cannot be used: its path, and why, in one line. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'

  constructor(
    files: CertificateFiles,
    /** Which of the files. */
    readonly file: keyof CertificateFiles,
    reason: string,
  ) {
    super(`${JSON.stringify(files[file])}: ${reason}`)
  }
}

/** TLS 1.3, and of 1.2 what has forward secrecy and authenticated encryption. */
const protocol: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
}

// A file may have the key of its certificate, too.
const begun = /-----BEGIN (?!(?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----|EC PARAMETERS-----)/g
const framed = /^-----BEGIN CERTIFICATE-----\s*$[^-]+^-----END CERTIFICATE-----\s*$/gm

/**
 * Reads the files as they are.
 *
 * @throws CertificateError
 */
export function readPemFiles(files: CertificateFiles): { cert?: string; key?: string; ca?: string } {
  const read = (file: keyof CertificateFiles) => {
    const path = files[file]
    if (path === undefined) return undefined
    try {
      return readTextFile(path)
    } catch (error) {
      throw new CertificateError(files, file, (error as Error).message)
    }
  }
  const [cert, key, ca] = [read('certFile'), read('keyFile'), read('caFile')]
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
  }
}

/**
 * Reads the files and checks what they have: a certificate that is valid now, its key, and authorities that can be read.
 * One that is half written, or does not belong to the others yet, is found here.
 *
 * @throws CertificateError
 */
export function readCertificates(files: CertificateFiles, now = new Date()): Certificates {
  const fault = (file: keyof CertificateFiles, reason: string) => new CertificateError(files, file, reason)
  const certificatesIn = (file: keyof CertificateFiles, text: string) => {
    const found = text.match(framed) ?? []
    if (found.length < (text.match(begun)?.length ?? 0))
      throw fault(file, 'it has something besides whole certificates in PEM, each with lines of its own')
    if (found.length === 0) throw fault(file, 'it has no certificate in PEM')
    try {
      return found.map((pem) => new X509Certificate(pem))
    } catch {
      throw fault(file, 'it has a certificate that cannot be read')
    }
  }

  const { cert, key, ca } = readPemFiles(files)
  const [certificate] = cert === undefined ? [] : certificatesIn('certFile', cert)
  if (ca !== undefined) certificatesIn('caFile', ca)
  const privateKey = key === undefined ? undefined : privateKeyIn(key)
  if (key !== undefined && !privateKey)
    throw fault('keyFile', 'it has no private key without a password in PEM')
  if (certificate && privateKey && !certificate.checkPrivateKey(privateKey))
    throw fault('keyFile', 'it has a key that is not that of the certificate')
  if (certificate && new Date(certificate.validTo) <= now)
    throw fault('certFile', `it has a certificate that expired on ${certificate.validTo}`)
  if (certificate && new Date(certificate.validFrom) > now)
    throw fault('certFile', `it has a certificate that is valid only from ${certificate.validFrom} on`)

  const options = { ...protocol, ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }) }
  try {
    createSecureContext(options)
  } catch (error) {
    throw fault(cert === undefined ? 'caFile' : 'certFile', `it cannot be used: ${(error as Error).message}`)
  }
  return {
    options,
    ca,
    validTo: certificate && new Date(certificate.validTo),
    digest: createHash('sha256')
      .update(JSON.stringify([cert, key, ca]))
      .digest('hex'),
  }
}

function privateKeyIn(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text)
  } catch {
    return undefined
  }
}
