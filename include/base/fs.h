/*
 * Files: whole reads with a limit, atomic writes, folders, and opening beneath a folder so that no
 * name, link or ".." leads out of it.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Append the file at `path` to `out`. ERR_LIMIT when it is larger than `max` bytes. */
int fs_read(const char *path, size_t max, struct buf *out, struct err *err);

/* The same for standard input, until its end. */
int fs_read_input(size_t max, struct buf *out, struct err *err);

/* The same for `name` beneath the folder `dir` (openat2 with RESOLVE_BENEATH: ERR_INVALID when the
 * name leads out of it). */
int fs_read_beneath(const char *dir, const char *name, size_t max, struct buf *out,
                    struct err *err);

/* Replace `path` by `data` in one step (temporary file, fsync, rename, fsync of the folder). */
int fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* What tells one content of a file from another; never FS_ABSENT. For whoever shows a text and
 * wants to know later whether it is still the same, not for guarding against forgery. */
#define FS_ABSENT 0
uint64_t fs_digest(const void *data, size_t len);

/* Replace the file `name` beneath the folder `dir` by `data` in one step, if it is still the one
 * that somebody has seen: `seen` is the fs_digest of its content, FS_ABSENT: there was none, and
 * then the folders that its name goes through are made as well. Its mode stays, and where possible
 * its group; a new one has 0640. A name that leads out of the folder, goes through a link or is one
 * is ERR_INVALID. ERR_BUSY: it is another one by now, and nothing was changed; ERR_READONLY,
 * ERR_FULL and ERR_IO with a sentence. Two programs that do this at the very same moment are not
 * kept apart. */
int fs_replace_if_same(const char *dir, const char *name, uint64_t seen, const void *data,
                       size_t len, struct err *err);

/* May whoever runs this replace the file at `path`, as far as the rights to its folder tell? */
bool fs_may_replace(const char *path);

/* Create `path` with `data`; ERR_EXISTS, and nothing changed, when it is there already. */
int fs_create(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* A new file in the folder `dir` that has no name there, open for reading and writing: it is gone
 * when it is closed, however that comes. Its descriptor, or a negative code with a sentence. */
int fs_nameless(const char *dir, struct err *err);

/* Append all of `data` to an open file. 0, ERR_FULL or ERR_IO, with a sentence. */
int fs_put(int fd, const void *data, size_t len, struct err *err);

/* Wait until the disk knows what is in the folder of `path`: after a rename there. ERR_IO, with
 * errno. */
int fs_sync_folder(const char *path);

/* mkdir -p. */
int fs_mkdirs(const char *path, mode_t mode, struct err *err);

/* Is there anything of this name; is it a folder? Links are followed; what may not be looked at is
 * not there. */
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);

/* What tells one state of a file from another without reading it. */
struct fs_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

/* The stamp of `path`, links followed; false, and *out left alone, when it cannot be looked at. */
bool fs_stamp(const char *path, struct fs_stamp *out);
bool fs_stamp_same(const struct fs_stamp *a, const struct fs_stamp *b);

/* "dir/name", or `name` alone when it is absolute. Free with free(). */
char *fs_join(const char *dir, const char *name);

/* The names in a folder, sorted by bytes, without those that begin with a dot. */
int fs_list(const char *dir, struct str_list *names, struct err *err);

#endif
