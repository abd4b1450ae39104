import type { Finished, Round, Suite, Thoroughness } from '../instrument/suite'
import type { Stage } from '../stage'

/** What the sequencer's own benchmark prints. */
interface InProcess {
  alone: Round
  grouped: Round[]
  single: Round[]
}

/** Issuing where each commit waits for a second server, as those do who may lose nothing. */
export const standby: Suite = {
  name: 'standby',
  title: 'Issuing in the process, with a synchronous standby',
  counts: 'numbers',
  services: ['sequencer'],
  standby: true,
  open: (stage, settings, tell) =>
    Promise.resolve({
      competitors: [],
      comparisons: [],
      finish: () => measureInProcess(stage, settings, { must: 30, aim: 60 }, tell),
    }),
}

/** Issuing without HTTP, by 64 callers: with group commit, and with a transaction for each number, in turn. */
export async function measureInProcess(
  stage: Stage,
  { seconds, rounds }: Thoroughness,
  wanted: { must: number; aim: number },
  tell: (line: string) => void,
): Promise<Required<Pick<Finished, 'rounds' | 'comparisons'>>> {
  tell('In process, with 64 callers.')
  const { alone, grouped, single } = JSON.parse(await stage.runInProcess(seconds, rounds)) as InProcess
  const values = grouped.map(({ perSecond }, round) => perSecond / single[round]!.perSecond)
  return {
    rounds: [
      { name: 'inProcess', title: 'in process, 64 callers', rounds: grouped },
      { name: 'inProcessSingle', title: 'in process, one transaction per number', rounds: single },
      { name: 'inProcessAlone', title: 'in process, one caller', rounds: [alone] },
    ],
    comparisons: [
      { title: 'in process, against one transaction per number', unit: 'ratio', ...wanted, values },
    ],
  }
}
