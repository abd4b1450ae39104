export { createPeriodicTask } from './periodic-task'
