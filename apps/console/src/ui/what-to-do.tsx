import { consoleUrl } from '../api/config'
import { useTexts } from './texts'

/** Leads to the page of an error's code: what it means, and what to do about it. */
export function WhatToDo({ code }: { code: string }) {
  const texts = useTexts()
  return (
    <a className="link" href={new URL(`../errors/${code}`, consoleUrl).href} target="_blank" rel="noreferrer">
      {texts.whatToDo}
    </a>
  )
}
