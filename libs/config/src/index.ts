export { certificateFilesOf } from './certificate-parameters'
export {
  CertificateError,
  readCertificates,
  readPemFiles,
  type CertificateFiles,
  type Certificates,
} from './certificates'
export { databaseUrlOf, databaseVariables, type DatabaseAddress } from './database-variables'
export { defineConfig, variable } from './define'
export type { Config, Definition, VariableOptions } from './define'
export { describeConfig, groupVariables } from './document'
export type { DocumentedVariable } from './document'
export { loadEnvFile } from './env-file'
export { renderEnvExample } from './env-example'
export { ConfigError } from './config-error'
export type { Fault } from './config-error'
export { renderMarkdownTable } from './markdown-table'
export { parseConfig } from './parse'
export { readSecretFiles } from './secret-files'
export {
  boolean,
  hostName,
  httpUrl,
  integer,
  list,
  milliseconds,
  origin,
  port,
  postgresUrl,
  redisUrl,
  seconds,
} from './fragments'
