import { Kbd, Modal } from '@mantine/core'
import { useTexts } from '../ui/texts'

const shortcuts = [
  ['search', ['/', 'Ctrl K']],
  ['help', ['?']],
  ['rows', ['j', 'k']],
  ['open', ['Enter']],
  ['close', ['Esc']],
] as const

/** What keys do. */
export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const texts = useTexts()
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
