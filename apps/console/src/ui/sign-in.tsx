import { createContext, lazy, Suspense, useContext, type ReactNode } from 'react'
import { useDisclosure } from '@mantine/hooks'
import { signInFailure } from '../api/identity-provider'

const SignInDialog = lazy(() =>
  import('./sign-in-dialog').then(({ SignInDialog }) => ({ default: SignInDialog })),
)
const OpenSignIn = createContext<() => void>(() => {})

/** Opens the form for signing in. The page stays where it is. */
export const useSignIn = () => useContext(OpenSignIn)

export function SignInProvider({ children }: { children: ReactNode }) {
  const [opened, { open, close }] = useDisclosure(signInFailure() !== undefined)
  return (
    <OpenSignIn value={open}>
      {children}
      <Suspense>{opened && <SignInDialog opened onClose={close} />}</Suspense>
    </OpenSignIn>
  )
}
