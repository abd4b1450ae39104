export { databaseUrlOf, databaseVariables } from './database-variables'
export { defineConfig, variable } from './define'
export type { Config, Definition, Environment, Variable, VariableOptions, Variables } from './define'
export { describeConfig, groupVariables } from './document'
export type { DocumentedGroup, DocumentedVariable } from './document'
export { renderEnvExample } from './env-example'
export { ConfigError } from './config-error'
export type { Fault } from './config-error'
export { renderMarkdownTable } from './markdown-table'
export { parseConfig } from './parse'
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
