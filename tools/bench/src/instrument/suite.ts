import type { Stage } from '../stage'

/** How thoroughly to measure. */
export interface Thoroughness {
  /** Of a turn. */
  seconds: number
  rounds: number
  /** Numbers that a ledger has had that has a past. */
  past: number
  /** Numbers that a large ledger has had. */
  ledger: number
  /** Events that wait when the clock starts. */
  events: number
  /** Orders that are listed. */
  listed: number
  /** Users who are searched. */
  users: number
  /** Of the steady load under which memory is looked at. */
  minutes: number
}

/** The result of a turn. */
export interface Round {
  perSecond: number
  p50Ms?: number
  p99Ms?: number
}

/** A program, or a way to do the same work, that has a turn in every round. */
export interface Competitor {
  name: string
  title: string
  /** Asks for as many seconds as it can. @throws Error if an answer was not as it has to be */
  turn(seconds: number): Promise<Round>
}

/** What is read from the turns of a round: two beside each other, or one alone. */
export interface Comparison {
  title: string
  unit: 'ratio' | 'ms' | 'MB'
  /** Undefined where a turn is missing, such as that of a server that is not installed. */
  of: (turns: ReadonlyMap<string, Round>) => number | undefined
  /** The least, or the most of what should be small. */
  must?: number
  aim?: number
}

/** A suite that is ready to be measured. */
export interface Opened {
  competitors: readonly Competitor[]
  comparisons: readonly Comparison[]
  /** Called after each turn. */
  ended?(competitor: string): void
  /** After all rounds: what is measured by itself. @throws Error if the databases do not hold what was answered */
  finish?(): Promise<Finished>
}

/** What was looked at again and again, at even distances, for a chart of lines. */
export interface Series {
  title: string
  everySeconds: number
  /** In MB. */
  values: readonly number[]
}

export interface Finished {
  /** What a turn was, if not what was asked for. */
  settings?: Pick<Thoroughness, 'seconds' | 'rounds'>
  /** In place of the chart of rates. */
  series?: readonly Series[]
  /** Further competitors, with their rounds. */
  rounds?: readonly { name: string; title: string; rounds: readonly Round[] }[]
  comparisons?: readonly MeasuredComparison[]
  /** Whatever else there is to say. */
  notes?: readonly string[]
}

export interface Suite {
  name: string
  title: string
  /** What a turn counts. */
  counts: string
  /** Programs beside those of the repository, and what is left out without them. */
  programs?: readonly { program: string; without: string }[]
  /** Which services have to be built. */
  services: readonly ('sequencer' | 'order-service' | 'user-service')[]
  /** Whether each commit waits for a second database server. */
  standby?: boolean
  /** Starts all that is measured, and fills it. */
  open(stage: Stage, settings: Thoroughness, tell: (line: string) => void): Promise<Opened>
}

export interface MeasuredComparison extends Omit<Comparison, 'of'> {
  /** A value of each round. */
  values: readonly number[]
}

/** What was measured, as it is saved. */
export interface SuiteResult {
  name: string
  title: string
  counts: string
  at: string
  settings: Pick<Thoroughness, 'seconds' | 'rounds'>
  competitors: readonly { name: string; title: string; rounds: readonly Round[] }[]
  comparisons: readonly MeasuredComparison[]
  series?: readonly Series[]
  notes: readonly string[]
}

/** How many times as much one does as another, each round by itself: a machine that is busy for a round slows both. */
export const ratio = (
  title: string,
  one: string,
  other: string,
  wanted: { must?: number; aim?: number } = {},
): Comparison => ({
  title,
  unit: 'ratio',
  of: (turns) => {
    const [a, b] = [turns.get(one), turns.get(other)]
    return a && b && b.perSecond > 0 ? a.perSecond / b.perSecond : undefined
  },
  ...wanted,
})

/** How long a call takes: the middle one, or the 99th of a hundred. */
export const duration = (
  title: string,
  one: string,
  figure: 'p50Ms' | 'p99Ms',
  wanted: { must?: number; aim?: number } = {},
): Comparison => ({ title, unit: 'ms', of: (turns) => turns.get(one)?.[figure], ...wanted })
