import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { serverVariables } from './server-variables'

/** For jest's `globalTeardown`: stops the server that global-setup started, and deletes its folder. */
export default async function removeServerOfRun(): Promise<void> {
  const dataFolder = process.env[serverVariables.dataFolder]
  if (dataFolder) await removeEmbeddedPostgres(dataFolder)
}
