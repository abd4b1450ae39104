import { setTimeout as delay } from 'node:timers/promises'
import { encode, heap, time, type SourceMapper } from '@datadog/pprof'
import type { Profile } from 'pprof-format'
import { nameSources } from './name-sources'
import { readSourceMap } from './source-map'

export { readSourceMap } from './source-map'
export { traceEvents } from './trace'

export interface ProfileRequest {
  /** How long, in milliseconds. */
  forMs: number
  /** Ends it before its time, with what there is by then. */
  signal: AbortSignal
  /** The program's file: its functions are shown by their source files, if it has a source map beside it. */
  program: string
}

const cpuIntervalMicros = 1_000
const heapIntervalBytes = 64 * 1024
const heapStackDepth = 64

/** Where the time goes: a gzipped profile in pprof's format, of samples, wall time and CPU time. */
export async function cpuProfile({ forMs, signal, program }: ProfileRequest): Promise<Buffer> {
  time.start({
    durationMillis: forMs,
    intervalMicros: cpuIntervalMicros,
    withContexts: true,
    collectCpuTime: true,
    columnNumbers: 'emit',
    sourceMapper: columnsOf(program),
  })
  await passed(forMs, signal)
  return finish(time.stop(), program)
}

/** What is allocated in that time and still there at its end: a gzipped profile in pprof's format. */
export async function heapProfile({ forMs, signal, program }: ProfileRequest): Promise<Buffer> {
  heap.start(heapIntervalBytes, heapStackDepth)
  try {
    await passed(forMs, signal)
    return await finish(heap.profile(undefined, columnsOf(program), undefined, 'emit'), program)
  } finally {
    heap.stop()
  }
}

const passed = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => {})

async function finish(profile: Profile, program: string): Promise<Buffer> {
  const sourceMap = await readSourceMap(program)
  // With its comment the library tells its own service that places are still to be mapped.
  profile.comment = []
  return encode(sourceMap ? nameSources(profile, program, sourceMap) : profile)
}

/**
 * Keeps the columns, without which a place in a bundle is no place in a source: the library drops those of files
 * that lack no source map. Mapping them itself, it takes functions of one name in one
 * bundle for one function, and tells the file of only one of them (tried: two methods `spin` of two sources).
 */
const columnsOf = (program: string) =>
  ({
    mappingInfo: (place) => (place.file === program ? { ...place, missingMapFile: true } : place),
  }) satisfies Pick<SourceMapper, 'mappingInfo'> as unknown as SourceMapper
