import type { Opened, Round, Suite, SuiteResult, Thoroughness } from './suite'

const warmUpSeconds = 1

/**
 * Measures a suite. Each round has a turn of every competitor, one after the other (A B C, A B C): a machine that is busy for
 * a while disturbs all alike. A first round warms up, and does not count.
 *
 * @param tell the progress
 * @throws Error if an answer was not as it has to be, or the databases do not hold what was answered
 */
export async function measureSuite(
  { name, title, counts }: Pick<Suite, 'name' | 'title' | 'counts'>,
  opened: Opened,
  { seconds, rounds }: Pick<Thoroughness, 'seconds' | 'rounds'>,
  tell: (line: string) => void,
): Promise<SuiteResult> {
  const { competitors, comparisons } = opened
  const measured: Map<string, Round>[] = []
  const turns = (rounds + 1) * competitors.length
  let done = 0
  const startedAt = performance.now()

  for (let round = 0; round <= rounds; round += 1) {
    const inRound = new Map<string, Round>()
    for (const competitor of competitors) {
      const what = round === 0 ? 'warming up' : `round ${round} of ${rounds}`
      const left = done > 0 ? `, ${leftOf(performance.now() - startedAt, done, turns)} left` : ''
      tell(`${name}: turn ${(done += 1)} of ${turns}, ${what}${left}: ${competitor.title}`)
      inRound.set(
        competitor.name,
        await competitor.turn(round === 0 ? Math.min(seconds, warmUpSeconds) : seconds),
      )
      opened.ended?.(competitor.name)
    }
    if (round > 0) measured.push(inRound)
  }
  const finished = (await opened.finish?.()) ?? {}

  return {
    name,
    title,
    counts,
    at: new Date().toISOString(),
    settings: finished.settings ?? { seconds, rounds },
    competitors: [
      ...competitors.map(({ name, title }) => ({
        name,
        title,
        rounds: measured.map((inRound) => inRound.get(name)!),
      })),
      ...(finished.rounds ?? []),
    ],
    comparisons: [
      ...comparisons.map(({ of, ...comparison }) => ({
        ...comparison,
        values: measured.map(of).filter((value) => value !== undefined),
      })),
      ...(finished.comparisons ?? []),
    ],
    ...(finished.series && { series: finished.series }),
    notes: finished.notes ?? [],
  }
}

function leftOf(elapsedMs: number, done: number, turns: number): string {
  const seconds = Math.ceil(((elapsedMs / done) * (turns - done)) / 1000)
  return seconds < 90 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} min`
}
