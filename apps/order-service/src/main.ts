import { runService } from '@ordinal/service'
import { createOrderService, migrateOrders } from './app'
import { orderServiceConfig } from './config'
import { listDeadLetters, replayDeadLetters } from './dead-letters'

void runService(process, orderServiceConfig, {
  migrate: migrateOrders,
  create: createOrderService,
  commands: {
    '--events-dead': { description: 'print the events that were given up', run: listDeadLetters },
    '--events-replay': {
      description: 'send the events that were given up once more',
      run: replayDeadLetters,
    },
  },
})
