import type { Webhook } from '@ordinal/client'
import { useWebhooksTexts } from './texts'

/** Whether a webhook is on, and why not. */
export function WebhookBadge({ webhook }: { webhook: Webhook }) {
  const texts = useWebhooksTexts()
  const { enabled, off_reason, failing_since } = webhook
  const text = enabled ? texts.on : off_reason ? texts.offReasons[off_reason] : texts.off
  return (
    <>
      <span className="state" data-state={enabled ? 'active' : 'inactive'}>
        {text}
      </span>
      {enabled && failing_since && (
        <>
          {' '}
          <span className="state" data-state="failed">
            {texts.failing}
          </span>
        </>
      )}
    </>
  )
}
