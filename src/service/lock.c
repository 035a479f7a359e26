/*
 * The lock file. See service/lock.h.
 *
 * Place 0 belongs to the one that works, the others to those that stand by. A record is one line of
 * text in RECORD bytes, filled up with spaces, so that `cat` shows the file as it is.
 */
#include "service/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define RECORD 512
#define NO_PLACE (-1)

struct lock {
    char *path;
    int fd;
    int place; /* the record that is ours; NO_PLACE: none */
    int64_t since_ms;
    char record[RECORD + 1]; /* as it was written last */
};

char *lock_path(const char *database)
{
    return mem_printf("%s.lock", database);
}

static struct flock record_lock(int place, short type)
{
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)place * RECORD, .l_len = RECORD};
}

static int open_file(struct lock *l, struct err *err)
{
    l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    return l->fd < 0 ? err_errno(err, errno, "%s", l->path) : 0;
}

int lock_open(const char *database, struct lock **out, struct err *err)
{
    struct lock *l = mem_zalloc(sizeof(*l));

    l->path = lock_path(database);
    l->place = NO_PLACE;
    *out = l;
    int rc = open_file(l, err);
    if (rc != 0) {
        lock_close(l);
        *out = NULL;
    }
    return rc;
}

/* 0, ERR_BUSY, or ERR_IO. */
static int take(struct lock *l, int place, struct err *err)
{
    struct flock lock = record_lock(place, F_WRLCK);

    if (fcntl(l->fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno == EAGAIN || errno == EACCES)
        return ERR_BUSY;
    return err_errno(err, errno, "%s: lock", l->path);
}

/* What it says serves people only: where it cannot be written, the lock holds all the same. */
static void write_record(struct lock *l, const char *text)
{
    char record[RECORD + 1];

    snprintf(record, sizeof(record), "%-*.*s\n", RECORD - 1, RECORD - 1, text);
    if (strcmp(record, l->record) == 0)
        return;
    if (pwrite(l->fd, record, RECORD, (off_t)l->place * RECORD) == RECORD)
        memcpy(l->record, record, sizeof(record));
}

static void let_go(struct lock *l)
{
    if (l->place == NO_PLACE)
        return;
    struct flock lock = record_lock(l->place, F_UNLCK);
    write_record(l, "");
    fcntl(l->fd, F_OFD_SETLK, &lock);
    l->place = NO_PLACE;
    l->record[0] = '\0';
}

/* Is the file that we have open still the one of its name? */
static bool in_place(const struct lock *l)
{
    struct stat ours, named;

    return fstat(l->fd, &ours) == 0 && stat(l->path, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

static void stand_by(struct lock *l)
{
    for (int place = 1; place < LOCK_PLACES && l->place == NO_PLACE; place++)
        if (take(l, place, NULL) == 0)
            l->place = place;
    if (l->place != NO_PLACE)
        lock_tell(l, 0, "");
}

int lock_take(struct lock *l, struct err *err)
{
    int rc = 0;

    if (l->since_ms == 0)
        l->since_ms = clock_wall_ms();
    if (!in_place(l)) {
        close(l->fd);
        l->place = NO_PLACE;
        l->record[0] = '\0';
        rc = open_file(l, err);
    }
    if (rc == 0)
        rc = take(l, 0, err);
    if (rc == ERR_BUSY && l->place == NO_PLACE)
        stand_by(l);
    if (rc != 0)
        return rc;
    let_go(l);
    l->place = 0;
    l->since_ms = clock_wall_ms();
    lock_tell(l, 0, "");
    return 0;
}

void lock_tell(struct lock *l, int64_t epoch, const char *words)
{
    char host[LOCK_HOST_MAX] = "", text[RECORD];

    if (l->place == NO_PLACE)
        return;
    gethostname(host, sizeof(host) - 1);
    snprintf(text, sizeof(text), "%s pid=%d host=%s since=%lld epoch=%lld: %.*s",
             l->place == 0 ? "works" : "stands-by", (int)getpid(), host[0] != '\0' ? host : "-",
             (long long)l->since_ms, (long long)epoch, LOCK_WORDS_MAX - 1, words);
    write_record(l, text);
}

void lock_close(struct lock *l)
{
    if (l == NULL)
        return;
    if (l->fd >= 0) {
        let_go(l);
        futimens(l->fd, NULL); /* those that stand by watch the file, and look now */
        close(l->fd);
    }
    free(l->path);
    free(l);
}

/* --- for those who look on --- */

static void read_holder(int fd, int place, struct lock_holder *out)
{
    char record[RECORD + 1] = "";
    long long since_ms = 0, epoch = 0;
    int at = 0;

    *out = (struct lock_holder){.works = place == 0};
    ssize_t n = pread(fd, record, RECORD, (off_t)place * RECORD);
    while (n > 0 && (record[n - 1] == ' ' || record[n - 1] == '\n'))
        n--;
    if (n <= 0)
        return;
    record[n] = '\0';
    if (sscanf(record, "%*s pid=%d host=%64s since=%lld epoch=%lld:%n", &out->pid, out->host,
               &since_ms, &epoch, &at) < 4)
        return;
    out->since_ms = since_ms;
    out->epoch = epoch;
    if (at > 0 && record[at] == ' ')
        snprintf(out->words, sizeof(out->words), "%.*s", LOCK_WORDS_MAX - 1, record + at + 1);
}

int lock_holders(const char *database, struct lock_holder out[LOCK_PLACES], size_t *count)
{
    char *path = lock_path(database);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd >= 0 ? 0 : errno == ENOENT ? ERR_NOTFOUND : ERR_READONLY;

    *count = 0;
    free(path);
    for (int place = 0; rc == 0 && place < LOCK_PLACES; place++) {
        struct flock lock = record_lock(place, F_WRLCK);
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
            rc = ERR_READONLY;
        else if (lock.l_type != F_UNLCK)
            read_holder(fd, place, &out[(*count)++]);
    }
    if (fd >= 0)
        close(fd);
    return rc;
}
