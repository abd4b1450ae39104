import { runService } from '@ordinal/service'
import { userAccess } from './access'
import { createUserService, migrateUsers } from './app'
import { userServiceConfig } from './config'

void runService(process, userServiceConfig, {
  migrate: migrateUsers,
  create: createUserService,
  access: userAccess,
})
