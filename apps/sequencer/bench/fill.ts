import { createInstance } from '../test/instance'

const atOnce = 1000
/** How often it says how many there are. */
const toldEvery = 1_000_000

/** Issues so many numbers of SG, by thousands, so that the ledger has a past; prints how many there are, now and then. */
export async function fillLedger(url: string, rows: number): Promise<void> {
  const instance = createInstance(url, { requestTimeoutMs: 60_000 })
  let left = Math.ceil(rows / atOnce)
  let done = 0
  const work = async () => {
    while (left > 0) {
      left -= 1
      await instance.issue({ count: atOnce })
      done += atOnce
      if (done % toldEvery === 0) console.log(done)
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  await instance.close()
}
