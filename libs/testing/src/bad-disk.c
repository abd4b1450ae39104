// A disk that fails when it is told to: loaded into a program before the C library (LD_PRELOAD), it looks into the
// folder BAD_DISK for files that order a failure. See bad-disk.ts.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define THE_REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *order(const char *name, char path[1024]) {
  const char *folder = getenv("BAD_DISK");
  snprintf(path, 1024, "%s/%s", folder ? folder : "", name);
  return path;
}

// Whoever takes the order away is the one that fails.
static int next_sync_fails(void) {
  char path[1024];
  int before = errno;
  int fails = unlink(order("sync-fails", path)) == 0;
  errno = before;
  return fails;
}

// A full disk takes what overwrites, and nothing that makes a file longer.
static int no_room(int fd, off_t end) {
  char path[1024];
  struct stat file;
  int before = errno;
  int full = access(order("full", path), F_OK) == 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && end > file.st_size;
  errno = before;
  return full;
}

static int fail(int error) {
  errno = error;
  return -1;
}

static size_t length(const struct iovec *parts, int count) {
  size_t sum = 0;
  for (int n = 0; n < count; n++) sum += parts[n].iov_len;
  return sum;
}

int fdatasync(int fd) { return next_sync_fails() ? fail(EIO) : THE_REAL(fdatasync)(fd); }

int fsync(int fd) { return next_sync_fails() ? fail(EIO) : THE_REAL(fsync)(fd); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  return no_room(fd, at + (off_t)size) ? fail(ENOSPC) : THE_REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  return no_room(fd, at + (off_t)size) ? fail(ENOSPC) : THE_REAL(pwrite64)(fd, data, size, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  return no_room(fd, at + (off_t)length(parts, count)) ? fail(ENOSPC) : THE_REAL(pwritev)(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  return no_room(fd, at + (off_t)length(parts, count)) ? fail(ENOSPC) : THE_REAL(pwritev64)(fd, parts, count, at);
}

int posix_fallocate(int fd, off_t at, off_t size) {
  return no_room(fd, at + size) ? ENOSPC : THE_REAL(posix_fallocate)(fd, at, size);
}

int posix_fallocate64(int fd, off64_t at, off64_t size) {
  return no_room(fd, at + size) ? ENOSPC : THE_REAL(posix_fallocate64)(fd, at, size);
}
