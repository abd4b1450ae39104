import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { serverVariables } from './server-variables'

/** For jest's `globalTeardown`: stops the servers that global-setup started, and deletes their folders. */
export default async function removeServersOfRun({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  const folders = Array.from({ length: maxWorkers }, (_, index) => serverVariables(index + 1).dataFolder)
  await Promise.all(folders.map((name) => process.env[name]).map(removeFolder))
}

const removeFolder = async (folder: string | undefined) => folder && removeEmbeddedPostgres(folder)
