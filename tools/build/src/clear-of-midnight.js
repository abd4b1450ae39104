/* global setTimeout */

const DAY_MS = 24 * 60 * 60 * 1_000

/** More than a file of tests takes on a slow machine. */
const BEFORE_MS = 5 * 60 * 1_000

/**
 * One of jest's `setupFiles`: a file of tests begins and ends on one day of UTC. Numbers start again with their year,
 * month or day, which a test takes from the clock when it begins. What happens at midnight itself has its own tests,
 * with a clock that they hold.
 */
module.exports = async function keepClearOfMidnight() {
  const left = untilNextDay(Date.now())
  if (left > BEFORE_MS) return
  process.stderr.write(`Tests wait ${Math.ceil(left / 1_000)} s for midnight to pass (UTC).\n`)
  await new Promise((passed) => setTimeout(passed, left + 1))
}

function untilNextDay(now) {
  return DAY_MS - (now % DAY_MS)
}
