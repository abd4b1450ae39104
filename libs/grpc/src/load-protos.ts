import { existsSync } from 'node:fs'
import path from 'node:path'
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader'

const options: Options = {
  keepCase: true,
  // A value is at most 2^53 - 1, which a number holds exactly. What a caller sends beyond it is rounded to 2^53 or more,
  // and schemas refuse that.
  longs: Number,
  enums: String,
  defaults: true,
}

/**
 * Reads a file of `proto/`.
 *
 * @param appFolder the folder of the app's source, or of its bundle: the file is found from there
 */
export function loadProtos(appFolder: string, file: string): PackageDefinition {
  const besideBundle = path.join(appFolder, 'proto')
  const folder = existsSync(besideBundle) ? besideBundle : path.join(appFolder, '../../../proto')
  return loadSync(path.join(folder, file), options)
}
