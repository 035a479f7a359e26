/*
 * A disk that fails while it is used: a library to preload (LD_PRELOAD), for tests alone.
 *
 * BETIMES_DISK names a file. While it is there it says what fails, "read", "write" or "sync", and
 * with which errno: "sync 5". It is about the database and its journal; every other call goes to
 * the kernel as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Is the descriptor the database's, or its journal's? */
static int is_database(int fd)
{
    char link[64], path[4096];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n <= 0)
        return 0;
    path[n] = '\0';
    const char *name = strrchr(path, '/');
    return name != NULL &&
           (strcmp(name, "/betimes.db") == 0 || strcmp(name, "/betimes.db-wal") == 0);
}

/* The errno with which this fails now; 0: it does not. */
static int failure(int fd, const char *what)
{
    const char *control = getenv("BETIMES_DISK");
    char text[64] = "", word[16] = "";
    int number = 0;
    int in = control != NULL ? (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY) : -1;

    if (in < 0)
        return 0;
    ssize_t n = syscall(SYS_read, in, text, sizeof(text) - 1);
    syscall(SYS_close, in);
    if (n <= 0 || sscanf(text, "%15s %d", word, &number) != 2 || strcmp(word, what) != 0)
        return 0;
    return is_database(fd) ? number : 0;
}

static int fails(int fd, const char *what)
{
    int number = failure(fd, what);

    if (number != 0)
        errno = number;
    return number != 0;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    return fails(fd, "write") ? -1 : syscall(SYS_pwrite64, fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    return fails(fd, "write") ? -1 : syscall(SYS_pwrite64, fd, data, n, at);
}

ssize_t pread(int fd, void *data, size_t n, off_t at)
{
    return fails(fd, "read") ? -1 : syscall(SYS_pread64, fd, data, n, at);
}

ssize_t pread64(int fd, void *data, size_t n, off64_t at)
{
    return fails(fd, "read") ? -1 : syscall(SYS_pread64, fd, data, n, at);
}

int fdatasync(int fd)
{
    return fails(fd, "sync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails(fd, "sync") ? -1 : (int)syscall(SYS_fsync, fd);
}
