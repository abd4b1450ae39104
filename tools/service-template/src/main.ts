import { runService } from '@ordinal/service'
import { sampleServiceAccess } from './access'
import { createSampleService, migrateSampleService } from './app'
import { sampleServiceConfig } from './config'

void runService(process, sampleServiceConfig, {
  migrate: migrateSampleService,
  create: createSampleService,
  access: sampleServiceAccess,
})
