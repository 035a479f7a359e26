#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"

static int read_fd(int fd, const char *name, size_t max, struct buf *out, struct err *err)
{
    struct stat st;
    size_t total = 0;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        err_set(err, "%s: is a folder, a file was expected", name);
        return ERR_INVALID;
    }
    for (;;) {
        buf_reserve(out, 65536);
        ssize_t n = read(fd, out->data + out->len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "%s", name);
        if (n == 0)
            break;
        total += (size_t)n;
        if (total > max) {
            err_set(err, "%s: larger than %zu bytes", name, max);
            return ERR_LIMIT;
        }
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
    return 0;
}

int fs_read(const char *path, size_t max, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    int rc = read_fd(fd, path, max, out, err);
    close(fd);
    return rc;
}

int fs_read_input(size_t max, struct buf *out, struct err *err)
{
    return read_fd(STDIN_FILENO, "standard input", max, out, err);
}

/* open beneath an open folder; errno is EXDEV or ELOOP when the name leads out of it, or to a link
 * that `resolve` does not want. */
static int open_beneath(int dirfd, const char *name, uint64_t flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
    };

    return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
}

int fs_read_beneath(const char *dir, const char *name, size_t max, struct buf *out, struct err *err)
{
    int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return err_errno(err, errno, "%s", dir);
    int fd = open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
    int saved = errno;
    close(dirfd);
    if (fd < 0 && (saved == EXDEV || saved == ELOOP)) {
        err_set(err, "%s: leads out of %s", name, dir);
        return ERR_INVALID;
    }
    if (fd < 0)
        return err_errno(err, saved, "%s/%s", dir, name);
    int rc = read_fd(fd, name, max, out, err);
    close(fd);
    return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

int fs_put(int fd, const void *data, size_t len, struct err *err)
{
    return write_all(fd, data, len) == 0 ? 0 : err_errno(err, errno, "write into a file");
}

/* Not every file system makes files without a name; there it loses its name at once. */
int fs_nameless(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    if (fd >= 0)
        return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
        return err_errno(err, errno, "%s: a file in it", dir);
    char *path = fs_join(dir, ".betimes-XXXXXX");
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        fd = err_errno(err, errno, "%s: a file in it", dir);
    else
        unlink(path);
    free(path);
    return fd;
}

int fs_sync_folder(const char *path)
{
    char *copy = mem_strdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = ERR_IO;

    free(copy);
    if (fd >= 0) {
        rc = fsync(fd) == 0 ? 0 : ERR_IO;
        close(fd);
    }
    return rc;
}

int fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
    char suffix[17];
    int rc = 0;

    rng_hex(suffix, 64);
    char *tmp = mem_printf("%s.%s.tmp", path, suffix);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        rc = err_errno(err, errno, "%s", tmp);
        goto out;
    }
    if (write_all(fd, data, len) < 0 || fsync(fd) < 0) {
        rc = err_errno(err, errno, "%s", tmp);
        close(fd);
        unlink(tmp);
        goto out;
    }
    close(fd);
    if (rename(tmp, path) < 0) {
        rc = err_errno(err, errno, "%s", path);
        unlink(tmp);
        goto out;
    }
    if (fs_sync_folder(path) < 0)
        rc = err_errno(err, errno, "%s: sync its folder", path);
out:
    free(tmp);
    return rc;
}

/* --- replacing what is still the same --- */

#define NEW_MODE 0640
#define NEW_FOLDER_MODE 0750

uint64_t fs_digest(const void *data, size_t len)
{
    uint64_t digest = str_hash(data, len, 0);

    return digest != FS_ABSENT ? digest : 1;
}

/* What is to be replaced: its folder, open, and the last part of its name. */
struct place {
    const char *dir, *name; /* as asked for */
    int folder;
    const char *last;
    uint64_t present; /* the digest of what is there */
    mode_t mode;
    gid_t group;
};

static int place_error(const struct place *p, int errnum, struct err *err)
{
    if (errnum != EXDEV && errnum != ELOOP)
        return err_errno(err, errnum, "%s/%s", p->dir, p->name);
    err_set(err, "%s/%s: is a link, or lies behind one; only plain files beneath %s are replaced",
            p->dir, p->name, p->dir);
    return ERR_INVALID;
}

/* A name in plain parts: nothing that means "here", "up" or "from the root". */
static bool is_plain(const char *name)
{
    bool plain = true;

    for (const char *part = name; plain && part != NULL;) {
        const char *slash = strchr(part, '/');
        size_t n = slash != NULL ? (size_t)(slash - part) : strlen(part);
        plain = n > 0 && !(n == 1 && part[0] == '.') && !(n == 2 && memcmp(part, "..", 2) == 0);
        part = slash != NULL ? slash + 1 : NULL;
    }
    return plain;
}

/* Open the folder of the name, part by part; `make` makes those that are missing. */
static int open_folder(struct place *p, bool make, struct err *err)
{
    const char *slash;
    int at = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (p->last = p->name; at >= 0 && (slash = strchr(p->last, '/')) != NULL;
         p->last = slash + 1) {
        char *part = mem_strndup(p->last, (size_t)(slash - p->last));
        int below = open_beneath(at, part, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        if (below < 0 && errno == ENOENT && make && mkdirat(at, part, NEW_FOLDER_MODE) == 0) {
            fsync(at);
            below = open_beneath(at, part, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        }
        int saved = errno;
        close(at);
        free(part);
        at = below;
        errno = saved;
    }
    p->folder = at;
    return at >= 0 ? 0 : place_error(p, errno, err);
}

/* What is there now: its digest, mode and group. */
static int look_at(struct place *p, struct err *err)
{
    struct stat st;
    struct buf b;
    int fd = open_beneath(p->folder, p->last, O_RDONLY | O_NONBLOCK, RESOLVE_NO_SYMLINKS);

    p->present = FS_ABSENT;
    p->mode = NEW_MODE;
    p->group = (gid_t)-1;
    if (fd < 0)
        return errno == ENOENT ? 0 : place_error(p, errno, err);
    buf_init(&b);
    int rc = read_fd(fd, p->name, SIZE_MAX, &b, err);
    if (rc == 0 && fstat(fd, &st) == 0) {
        p->present = fs_digest(b.data, b.len);
        p->mode = st.st_mode & 07777;
        p->group = st.st_gid;
    }
    close(fd);
    buf_close(&b);
    return rc;
}

/* The new content under a name that nobody looks at, then in the place of the old. */
static int put_in_place(const struct place *p, const void *data, size_t len, struct err *err)
{
    char suffix[17];
    int rc = 0;

    rng_hex(suffix, 64);
    char *tmp = mem_printf(".%s.%s.tmp", p->last, suffix);
    int fd = openat(p->folder, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, p->mode);
    if (fd < 0) {
        rc = place_error(p, errno, err);
        goto out;
    }
    /* The group comes first: a change of owner may take bits of the mode away. */
    if (p->group != (gid_t)-1 && fchown(fd, (uid_t)-1, p->group) < 0)
        errno = 0; /* we are not in it: the folder's habits decide */
    if (fchmod(fd, p->mode) < 0 || write_all(fd, data, len) < 0 || fsync(fd) < 0)
        rc = place_error(p, errno, err);
    close(fd);
    if (rc == 0 && renameat(p->folder, tmp, p->folder, p->last) < 0)
        rc = place_error(p, errno, err);
    if (rc != 0)
        unlinkat(p->folder, tmp, 0);
    else if (fsync(p->folder) < 0)
        rc = place_error(p, errno, err);
out:
    free(tmp);
    return rc;
}

int fs_replace_if_same(const char *dir, const char *name, uint64_t seen, const void *data,
                       size_t len, struct err *err)
{
    struct place p = {.dir = dir, .name = name, .folder = -1};
    int rc = is_plain(name) ? open_folder(&p, seen == FS_ABSENT, err) : ERR_INVALID;

    if (!is_plain(name))
        err_set(err, "%s: leads out of %s", name, dir);
    if (rc == 0)
        rc = look_at(&p, err);
    if (rc == 0 && p.present != seen) {
        err_set(err, "%s/%s: somebody else has changed it meanwhile", dir, name);
        rc = ERR_BUSY;
    }
    if (rc == 0)
        rc = put_in_place(&p, data, len, err);
    if (p.folder >= 0)
        close(p.folder);
    return rc;
}

bool fs_may_replace(const char *path)
{
    char *real = realpath(path, NULL);
    struct stat file, dir;
    bool may = real != NULL && stat(real, &file) == 0;

    if (may) {
        const char *folder = dirname(real);
        may = access(folder, W_OK) == 0 && stat(folder, &dir) == 0;
        if (may && (dir.st_mode & S_ISVTX) != 0) /* only owners may replace what is in it */
            may = geteuid() == 0 || geteuid() == file.st_uid || geteuid() == dir.st_uid;
    }
    free(real);
    return may;
}

int fs_create(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    if (write_all(fd, data, len) < 0 || fsync(fd) < 0) {
        int rc = err_errno(err, errno, "%s", path);
        close(fd);
        unlink(path);
        return rc;
    }
    close(fd);
    return 0;
}

int fs_mkdirs(const char *path, mode_t mode, struct err *err)
{
    char *copy = mem_strdup(path);
    int rc = 0;

    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char saved = *p;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST) {
            rc = err_errno(err, errno, "%s", copy);
            break;
        }
        *p = saved;
        if (saved == '\0')
            break;
    }
    free(copy);
    if (rc == 0 && !fs_is_dir(path)) {
        err_set(err, "%s: is not a folder", path);
        rc = ERR_EXISTS;
    }
    return rc;
}

bool fs_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_stamp(const char *path, struct fs_stamp *out)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    *out = (struct fs_stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
    return true;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool fs_stamp_same(const struct fs_stamp *a, const struct fs_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

char *fs_join(const char *dir, const char *name)
{
    if (name[0] == '/')
        return mem_strdup(name);
    return mem_printf("%s/%s", dir, name);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int fs_list(const char *dir, struct str_list *names, struct err *err)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    if (d == NULL)
        return err_errno(err, errno, "%s", dir);
    while ((entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.')
            str_list_add(names, entry->d_name, strlen(entry->d_name));
    closedir(d);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof(*names->items), by_bytes);
    return 0;
}
