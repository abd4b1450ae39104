import { runChaos } from '../src/chaos'

// For long: `make chaos SECONDS=600`; the same kills again: `TEST_SEED=… make chaos`.
const seconds = Number(process.env.SYSTEM_TEST_CHAOS_SECONDS ?? 20)
const seed = Number(process.env.TEST_SEED)
const isAskedFor = process.env.SYSTEM_TEST_CHAOS_SECONDS !== undefined

test(
  `${seconds} s of kill -9 of two sequencers and PostgreSQL under 64 clients (seed ${seed}) lose no number and double none`,
  async () => {
    const say = isAskedFor ? (line: string) => void process.stderr.write(`${line}\n`) : undefined
    const { faults, kills, retries, repeats, ledger } = await runChaos({ seconds, seed, ...(say && { say }) })
    expect(faults).toEqual([])
    // The faults were there, and the clients met them.
    for (const times of Object.values(kills)) expect(times).toBeGreaterThan(0)
    expect(retries['no answer']).toBeGreaterThan(0)
    expect(repeats).toBeGreaterThan(0)
    expect([ledger.values.issued, ledger.values.void].every((values) => values > 0)).toBe(true)
  },
  // And the crash recoveries of PostgreSQL.
  seconds * 1_000 + 900_000,
)
