import { cpSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// Where the two libraries have their files, and what they do not need of them.
const folders = { health: 'proto', reflection: 'build/proto' }
const unwanted = /\/proto\/sample$/

/**
 * An esbuild plugin: the .proto files that gRPC's libraries read at run time, and those of our services, go into `proto`
 * beside the bundle, and are read from there. A bundle without gRPC gets none.
 *
 * @param ours the folder of our files
 */
export function protosAsFiles(ours, output) {
  const target = join(output, 'proto')
  return {
    name: 'protos-as-files',
    setup(build) {
      const readers =
        /(grpc-health-check\/build\/src\/health|@grpc\/reflection\/build\/src\/.*\/reflection-v1(alpha)?)\.js$/
      build.onLoad({ filter: readers }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        // `${__dirname}/../../proto` or join(__dirname, '../../proto/…')
        const contents = text.replaceAll(/(?<=__dirname(?:}\/|, '))\.\.\/\.\.\/(?=proto)/g, '')
        if (contents === text)
          return { errors: [{ text: `${path} does not read .proto files as it used to` }] }
        const [library] = path.split('/build/src/')
        const folder = library.endsWith('reflection') ? folders.reflection : folders.health
        for (const from of [join(library, folder), ours])
          cpSync(from, target, { recursive: true, filter: (file) => !unwanted.test(file) })
        return { contents, resolveDir: dirname(path) }
      })
    },
  }
}
