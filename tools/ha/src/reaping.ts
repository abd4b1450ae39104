/**
 * A command as the init of a machine would run it: the processes that it leaves behind are reaped as soon as they end. For Patroni, a
 * server that nobody has reaped still runs; where the init of a container takes its time, so does the failover.
 */
export const reaping = (command: string, args: readonly string[]): [string, ...string[]] => [
  '/usr/bin/python3',
  '-c',
  script,
  command,
  ...args,
]

// Patroni cannot be the subreaper itself: it does not accept a server that is its own child.
const script = `
import ctypes, os, sys
PR_SET_CHILD_SUBREAPER = 36
if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    sys.exit('This kernel has no subreapers')
child = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
while True:
    pid, status = os.wait()
    if pid == child:
        sys.exit(os.waitstatus_to_exitcode(status) & 255)
`
