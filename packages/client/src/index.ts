export type { ApiKey, ApiKeyRotation, MadeApiKey, NewApiKey } from './api-keys'
export type { DemoReport } from './demos'
export type { DeadLetter, DeadLetterFilter, EventBacklog, WaitingEvent } from './events'
export { createOrdinal, type Ordinal } from './ordinal'
export type {
  Addresses,
  AttemptRequest,
  AttemptResponse,
  CallOptions,
  ChangeOptions,
  OrdinalOptions,
} from './options'
export * from './errors'
export { problemOf, type Problem } from './problem'
export type {
  NewOrder,
  Order,
  OrderChange,
  OrderFilter,
  OrderPage,
  OrderPageQuery,
  OrderServiceDiagnostics,
  OrderWithUser,
} from './orders'
export type * from './sequencer'
export type { Content } from './send'
export type * from './sites'
export type { StreamEvent, StreamOptions } from './stream'
export type {
  NewUser,
  User,
  UserChange,
  UserFilter,
  UserPage,
  UserPageQuery,
  UserServiceDiagnostics,
} from './users'
export type {
  AttemptFilter,
  DeliveryFilter,
  NewWebhook,
  Webhook,
  WebhookAttempt,
  WebhookChange,
  WebhookDelivery,
  WebhookRotation,
  WebhookWithSecret,
} from './webhooks'
