import { createProgram } from './program'

// A reader that has gone, as of `| head`, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
void createProgram(process).parseAsync()
