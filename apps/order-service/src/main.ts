import { runService } from '@ordinal/service'
import { createOrderService, migrateOrders } from './app'
import { orderServiceConfig } from './config'

void runService(process, orderServiceConfig, { migrate: migrateOrders, create: createOrderService })
