export { sampleLibrary } from './sample-library'
