import { runService } from '@ordinal/service'
import { sequencerAccess } from './access'
import { createSequencer, migrateSequencer } from './app'
import { sequencerConfig } from './config'
import { raiseCountersOf } from './restore/command'

void runService(process, sequencerConfig, {
  migrate: migrateSequencer,
  create: createSequencer,
  access: sequencerAccess,
  commands: {
    '--raise-counters': {
      description:
        'carry out the plan of ordinal restore-check that is on standard input, on a ledger that was restored',
      run: (config) => raiseCountersOf(config, process.stdin),
    },
  },
})
