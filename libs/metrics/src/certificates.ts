import { Gauge, type Registry } from 'prom-client'

/**
 * Shows until when the certificates in use are valid: `<prefix>_certificate_expiry_timestamp_seconds{use}`.
 *
 * @returns sets it for one use
 */
export function certificateExpiry({ prefix, registry }: { prefix: string; registry: Registry }) {
  const name = `${prefix}_certificate_expiry_timestamp_seconds`
  const gauge =
    (registry.getSingleMetric(name) as Gauge | undefined) ??
    new Gauge({
      name,
      help: 'When the certificate in use ends to be valid, in seconds since 1970',
      labelNames: ['use'],
      registers: [registry],
    })
  return (use: string, validTo: Date | undefined): void => {
    if (validTo) gauge.set({ use }, validTo.getTime() / 1_000)
  }
}
