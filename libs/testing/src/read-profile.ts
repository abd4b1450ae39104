import { gunzipSync } from 'node:zlib'
import { Profile } from 'pprof-format'

/** One line of a stack. */
export interface Frame {
  name: string
  file: string
  line: number
}

interface Sample {
  /** The innermost first. */
  stack: Frame[]
  /** By type: `wall`, `cpu`, `inuse_space`. */
  values: Record<string, number>
}

/** A profile in pprof's format, as a viewer reads it. */
export function readProfile(gzipped: Uint8Array) {
  const profile = Profile.decode(gunzipSync(gzipped))
  const { strings } = profile.stringTable
  const text = (index: number | bigint) => strings[Number(index)] ?? ''
  const functions = new Map(profile.function.map((each) => [Number(each.id), each]))
  const frames = new Map(
    profile.location.map(({ id, line }) => {
      const { name, filename } = functions.get(Number(line[0]!.functionId))!
      return [Number(id), { name: text(name), file: text(filename), line: Number(line[0]!.line) }]
    }),
  )
  const types = profile.sampleType.map(({ type }) => text(type))
  const samples = profile.sample.map(({ locationId, value }): Sample => ({
    stack: locationId.map((id) => frames.get(Number(id))!),
    values: Object.fromEntries(types.map((type, index) => [type, Number(value[index])])),
  }))
  return {
    types,
    seconds: Number(profile.durationNanos) / 1e9,
    frames: [...frames.values()],
    samples,
    /** The sum of one type of value. */
    total: (type: string) => samples.reduce((sum, { values }) => sum + (values[type] ?? 0), 0),
  }
}
