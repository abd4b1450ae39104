export { Deadline, deadlineIn, noDeadline, timeoutHeader, withDeadline } from './deadline'
export { withTimeout } from './with-timeout'
