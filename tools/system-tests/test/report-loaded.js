// Required by a service before its bundle: tells its parent, when asked, what the process has loaded.
process.on('message', () =>
  process.send({ libraries: process.report.getReport().sharedObjects, modules: Object.keys(require.cache) }),
)
process.channel.unref()
