import { runService } from '@ordinal/service'
import { sequencerAccess } from './access'
import { createSequencer, migrateSequencer } from './app'
import { sequencerConfig } from './config'

void runService(process, sequencerConfig, {
  migrate: migrateSequencer,
  create: createSequencer,
  access: sequencerAccess,
})
