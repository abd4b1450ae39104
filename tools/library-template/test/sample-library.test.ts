import fc from 'fast-check'
import { sampleLibrary } from '../src'

test('what is done twice is done once', () => {
  fc.assert(fc.property(fc.string(), (text) => sampleLibrary(sampleLibrary(text)) === sampleLibrary(text)))
})
