import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** A test of memory, which only Linux tells in this way; skipped elsewhere. */
export const onLinux = process.platform === 'linux' ? test : test.skip

/** What a process has in memory, in MB, when it has had nothing to do for two seconds. */
export async function idleResidentMb(pid: number): Promise<number> {
  await delay(2_000)
  return readMb(pid, 'VmRSS')
}

/** The most that a process has had in memory since it was started, in MB. */
export const peakResidentMb = (pid: number) => readMb(pid, 'VmHWM')

async function readMb(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (!kilobytes) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(kilobytes) / 1024
}
