import { duration, ratio, type Competitor, type Suite } from '../instrument/suite'
import { load, post, requireSuccess } from '../load'
import type { Contestant, Stage } from '../stage'

const connections = 64

/** Issuing in a ledger that has had many numbers, beside an empty one. */
export const ledger: Suite = {
  name: 'ledger',
  title: 'Issuing numbers in a large ledger',
  counts: 'numbers',
  services: ['sequencer'],

  async open(stage, settings, tell) {
    const rows = settings.ledger.toLocaleString('en')
    tell(`Filling a ledger with ${rows} numbers.`)
    await stage.fill('large', settings.ledger, (done) =>
      tell(`${done.toLocaleString('en')} of ${rows} numbers`),
    )
    const issued = new Map([
      ['large', settings.ledger],
      ['small', 0],
    ])
    const competitor = (database: string, title: string, { port }: Contestant): Competitor => ({
      name: database,
      title,
      async turn(seconds) {
        const turn = await load([port], () => post('/api/v1/next/SG'), connections, seconds)
        requireSuccess(title, turn)
        issued.set(database, issued.get(database)! + turn.requests)
        return turn
      },
    })
    return {
      competitors: [
        competitor('small', 'an empty ledger at the start', await stage.startSequencer('small')),
        competitor('large', `a ledger with ${rows} numbers`, await stage.startSequencer('large')),
      ],
      comparisons: [
        ratio(`a ledger with ${rows} numbers, against an empty one`, 'large', 'small', {
          must: 0.85,
          aim: 0.95,
        }),
        duration('p99 in the large ledger', 'large', 'p99Ms'),
      ],
      async finish() {
        for (const [database, count] of issued)
          if (!(await stage.isDense(database, count)))
            throw new Error(
              `${database} has not exactly the ${count} numbers that were answered, without a hole`,
            )
        return { notes: [`The ledger and its indexes take ${await sizeOf(stage)} a number`] }
      },
    }
  },
}

async function sizeOf({ asAdmin }: Pick<Stage, 'asAdmin'>): Promise<string> {
  const { rows } = await asAdmin('large', (admin) =>
    admin.query<{ bytes: number }>(
      `SELECT round(pg_total_relation_size('ledger')::numeric / (SELECT count(*) FROM ledger))::integer AS bytes`,
    ),
  )
  return `${rows[0]!.bytes} bytes`
}
