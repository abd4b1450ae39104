import { Kbd, Modal } from '@mantine/core'
import { useTexts } from '../ui/texts'

interface KeyboardHelpProps {
  /** Those that open the search from wherever one is. */
  searchKeys: string
  onClose: () => void
}

/** What keys do. */
export function KeyboardHelp({ searchKeys, onClose }: KeyboardHelpProps) {
  const texts = useTexts()
  const shortcuts = [
    ['search', ['/', searchKeys]],
    ['help', ['?']],
    ['rows', ['j', 'k']],
    ['open', ['Enter']],
    ['close', ['Esc']],
  ] as const
  return (
    <Modal opened onClose={onClose} title={texts.keyboard} closeButtonProps={{ 'aria-label': texts.cancel }}>
      <dl className="facts">
        {shortcuts.map(([name, keys]) => (
          <div key={name} className="fact">
            <dt>
              {keys.map((key) => (
                <Kbd key={key} mr={4}>
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{texts.keys[name]}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
