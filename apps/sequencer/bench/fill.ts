import { createInstance } from '../test/instance'

const atOnce = 1000

/** Issues so many numbers of SG, by thousands, so that the ledger has a past. */
export async function fillLedger(url: string, rows: number): Promise<void> {
  const instance = createInstance(url, { requestTimeoutMs: 60_000 })
  let left = Math.ceil(rows / atOnce)
  const work = async () => {
    while (left > 0) {
      left -= 1
      await instance.issue({ count: atOnce })
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  await instance.close()
}
