import { SignJWT } from 'jose'

/** The secret of the sequencers that tests start. */
export const secret = 'a secret of the tests, and of nothing else'

/** A header that says who calls, and in which role; there may be no such role. */
export async function bearer(role: string, sub = 'ada'): Promise<{ Authorization: string }> {
  const token = await new SignJWT({ sub, role })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10 minutes')
    .sign(new TextEncoder().encode(secret))
  return { Authorization: `Bearer ${token}` }
}
