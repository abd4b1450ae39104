import { Button, type ButtonProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, Ref } from 'react'

type AnchorProps = ButtonProps & AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> }

/** A link to a page that looks like a button. Disabled, it leads nowhere, and says so to screen readers. */
export const ButtonLink = createLink(({ disabled, ...props }: AnchorProps) =>
  disabled ? (
    <Button component="span" aria-disabled data-disabled {...(props as ButtonProps)} />
  ) : (
    <Button component="a" {...props} />
  ),
)
