import { runService } from '@ordinal/service'
import { createUserService, migrateUsers } from './app'
import { userServiceConfig } from './config'

void runService(process, userServiceConfig, { migrate: migrateUsers, create: createUserService })
