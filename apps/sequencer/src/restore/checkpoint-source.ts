import { readFile } from 'node:fs/promises'
import { reasonOf } from '@ordinal/database'

/** Where the last checkpoint is kept that somebody else has of the ledger. */
export interface CheckpointSource {
  /** The file or the address. */
  name: string
  /**
   * The last checkpoint in it that can be checked; null if it says that none was ever made. Throws Error, saying what to do,
   * if it cannot be read, or none in it can be checked.
   */
  read: () => Promise<string | null>
}

const fetchLimitMs = 2_000
const jws = /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g
const nothingYet = 'none'
const wayOn = `put the last one there, or the word "${nothingYet}" if none was ever made`
// The last of a log may be half written; to try all of a long log, time and again, would take long.
const mostTried = 10

/**
 * @param place a path, or an http or https URL. A log will do: the last checkpoint in it counts that can be checked. An empty file
 *   is refused, since a copy that failed leaves one; a new installation has the word `none`
 * @param check throws Error if a text is no checkpoint, or is signed by another key
 */
export const createCheckpointSource = (
  place: string,
  check: (signed: string) => Promise<unknown>,
): CheckpointSource => ({
  name: place,
  async read() {
    const text = await readPlace(place)
    if (text.trim() === nothingYet) return null
    const last = (text.match(jws) ?? []).slice(-mostTried).reverse()
    if (last.length === 0) throw new Error(`${place} has no checkpoint in it: ${wayOn}`)
    let fault: unknown
    for (const signed of last) {
      try {
        await check(signed)
        return signed
      } catch (error) {
        fault ??= error
      }
    }
    throw new Error(
      `the checkpoint in ${place} cannot be checked (${reasonOf(fault)}): put one of this key there, or give the service its former key; only if nothing was restored and the key was changed, the word "${nothingYet}"`,
      { cause: fault },
    )
  },
})

async function readPlace(place: string): Promise<string> {
  if (!isUrl(place)) return readFile(place, 'utf8').catch(orAbsent(place))
  const answer = await fetched(place)
  if (answer.status !== 200) throw new Error(`${place} answers ${answer.status}`)
  return answer.text
}

const orAbsent = (place: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
  throw new Error(`there is no file ${place} for a checkpoint: ${wayOn}`, { cause: error })
}

/** Fetch says no more than that it failed: the reason is in its cause. */
async function fetched(url: string): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(fetchLimitMs), redirect: 'error' })
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    throw new Error(`${url}: ${reasonOf((error as Error).cause ?? error)}`, { cause: error })
  }
}

export const isUrl = (place: string): boolean => /^https?:\/\//.test(place)
