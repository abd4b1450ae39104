import { createContext, Suspense, useContext, type ReactNode } from 'react'
import { useDisclosure } from '@mantine/hooks'
import { signInFailure } from '../api/identity-provider'
import { late } from './late'
import { createTyped } from './typed'

const SignInDialog = late(() => import('./sign-in-dialog').then(({ SignInDialog }) => SignInDialog))
// What has been typed or pasted since it was asked for, while its field is not there to hear it.
const typed = createTyped()
const OpenSignIn = createContext<() => void>(() => {})

/** Opens the form for signing in. The page stays where it is. */
export const useSignIn = () => useContext(OpenSignIn)

export function SignInProvider({ children }: { children: ReactNode }) {
  const [opened, { open, close }] = useDisclosure(signInFailure() !== undefined)
  const ask = () => {
    typed.begin(close)
    open()
  }
  return (
    <OpenSignIn value={ask}>
      {children}
      <Suspense>{opened && <SignInDialog opened takeTyped={typed.take} onClose={close} />}</Suspense>
    </OpenSignIn>
  )
}
