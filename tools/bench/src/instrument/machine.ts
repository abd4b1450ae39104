import { cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Stage } from '../stage'

/** On what a suite was measured. */
export type Machine = Awaited<ReturnType<typeof describeMachine>>

export const describeMachine = async (stage: Pick<Stage, 'show'>) => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  /** What else it was doing when the measurement began: processes that would run, over a minute. */
  load: Math.round(loadavg()[0]! * 100) / 100,
  node: process.version,
  postgres: await stage.show('server_version'),
  fsync: await stage.show('fsync'),
})

export const machineText = ({ cpu, cores, memoryGb, system, load, node, postgres, fsync }: Machine) =>
  `${cpu}, ${cores} cores and ${memoryGb} GB, on which services, PostgreSQL and the load share; ${system}, ` +
  `Node ${node}, PostgreSQL ${postgres} with fsync ${fsync}; load before it: ${load}`
