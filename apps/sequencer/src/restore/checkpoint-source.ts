import { readFile } from 'node:fs/promises'

/** Where the last checkpoint is kept that somebody else has of the ledger. */
export interface CheckpointSource {
  /** The file or the address. */
  name: string
  /** The last checkpoint in it; null if it says that none was ever made. Throws Error if it cannot be read. */
  read: () => Promise<string | null>
}

const fetchLimitMs = 2_000
const jws = /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g
const nothingYet = 'none'

/**
 * @param place a path, or an http or https URL. A log will do: the last checkpoint in it counts. An empty file is refused,
 *   since a copy that failed leaves one; a new installation has the word `none`
 */
export const createCheckpointSource = (place: string): CheckpointSource => ({
  name: place,
  async read() {
    const text = await readPlace(place)
    if (text.trim() === nothingYet) return null
    const found = text.match(jws)?.at(-1)
    if (found) return found
    throw new Error(
      `${place} has no checkpoint in it: put the last one there, or the word "${nothingYet}" if none was ever made`,
    )
  },
})

async function readPlace(place: string): Promise<string> {
  if (!isUrl(place)) return readFile(place, 'utf8')
  const answer = await fetch(place, { signal: AbortSignal.timeout(fetchLimitMs), redirect: 'error' })
  if (!answer.ok) throw new Error(`${place} answers ${answer.status}`)
  return answer.text()
}

export const isUrl = (place: string): boolean => /^https?:\/\//.test(place)
