import { runService } from '@ordinal/service'
import { orderAccess } from './access'
import { createOrderService, migrateOrders } from './app'
import { orderServiceConfig } from './config'
import { listDeadLetters, replayDeadLetters } from './events/dead-letters'

void runService(process, orderServiceConfig, {
  migrate: migrateOrders,
  create: createOrderService,
  access: orderAccess,
  commands: {
    '--events-dead': {
      description: 'print the dead letters: events that no attempt could deliver',
      run: listDeadLetters,
    },
    '--events-replay': {
      description: 'deliver the dead letters again',
      run: replayDeadLetters,
    },
  },
})
