/*
 * Marks. See send/marks.h.
 *
 * The file is one struct image: who wrote it (the boot's id, and our magic), then the marks. It is
 * mapped shared, so a store is in the kernel's hands at once. Its blocks are allocated beforehand:
 * a full disk must not turn a store into a SIGBUS.
 */
#include "send/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "gateway/gateway.h"

#define MAGIC "betimes marks 1\n"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_MAX 64
#define FILE_MODE 0600

struct mark {
    int64_t message_id; /* 0: free */
    uint32_t attempt;
    atomic_uint passed;
};

struct image {
    char magic[16];
    char boot[BOOT_ID_MAX];
    atomic_uint
        revoked; /* a later run has looked at it: what is taken from now on is revoked, too */
    struct mark marks[MARKS_MAX];
};

struct marks {
    char *path;
    struct image *image;
    bool mapped; /* else it is in plain memory */
    bool known;  /* what the earlier run left can be told */
    char boot[BOOT_ID_MAX];
    uint32_t free[MARKS_MAX]; /* indexes of free marks, the last one is taken first */
    uint32_t free_count;
};

static void read_boot_id(char out[BOOT_ID_MAX])
{
    struct buf b;

    memset(out, 0, BOOT_ID_MAX);
    buf_init(&b);
    if (fs_read(BOOT_ID_FILE, BOOT_ID_MAX, &b, NULL) == 0)
        memccpy(out, b.data, '\n', b.len < BOOT_ID_MAX ? b.len : BOOT_ID_MAX - 1);
    buf_close(&b);
}

static struct image *map(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    struct image *image = MAP_FAILED;
    int rc;

    if (fd < 0) {
        err_errno(err, errno, "%s", path);
        return NULL;
    }
    rc = posix_fallocate(fd, 0, sizeof(*image)); /* returns the error */
    if (rc == 0) {
        image = mmap(NULL, sizeof(*image), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        rc = image == MAP_FAILED ? errno : 0;
    }
    close(fd);
    if (rc != 0)
        err_errno(err, rc, "%s", path);
    return rc == 0 ? image : NULL;
}

/* The flag of the whole first: a mark that is taken meanwhile is revoked by whoever takes it. */
static void revoke_all(struct image *image)
{
    atomic_store(&image->revoked, 1);
    for (size_t i = 0; i < MARKS_MAX; i++)
        atomic_fetch_or(&image->marks[i].passed, GATEWAY_MARK_REVOKED);
}

struct marks *marks_open(const char *path, struct err *err)
{
    struct marks *m = mem_zalloc(sizeof(*m));

    m->path = mem_strdup(path);
    read_boot_id(m->boot);
    m->image = map(path, err);
    m->mapped = m->image != NULL;
    if (!m->mapped)
        m->image = mem_zalloc(sizeof(*m->image));
    m->known = m->boot[0] != '\0' && memcmp(m->image->magic, MAGIC, sizeof(MAGIC) - 1) == 0 &&
               memcmp(m->image->boot, m->boot, BOOT_ID_MAX) == 0;
    revoke_all(m->image);
    return m;
}

static void drop_image(struct marks *m)
{
    if (m->mapped)
        munmap(m->image, sizeof(*m->image));
    else
        free(m->image);
}

void marks_close(struct marks *m)
{
    if (m == NULL)
        return;
    drop_image(m);
    free(m->path);
    free(m);
}

/* The bits of its mark; none: claimed, and the process died before it could hand it over. */
static unsigned bits_of(const struct marks *m, int64_t message_id, int attempt)
{
    for (size_t i = 0; i < MARKS_MAX; i++) {
        const struct mark *k = &m->image->marks[i];
        if (k->message_id == message_id && k->attempt == (uint32_t)attempt)
            return atomic_load(&k->passed);
    }
    return 0;
}

bool marks_passed(const struct marks *m, int64_t message_id, int attempt)
{
    return !m->known || (bits_of(m, message_id, attempt) & GATEWAY_MARK_PASSED) != 0;
}

bool marks_sent(const struct marks *m, int64_t message_id, int attempt)
{
    return m->known && (bits_of(m, message_id, attempt) & GATEWAY_MARK_SENT) != 0;
}

/* A new file takes the old one's name; without one, none may be found at the next start. */
static void renew_image(struct marks *m)
{
    char *new_path = mem_printf("%s.new", m->path);

    drop_image(m);
    unlink(new_path);
    m->image = map(new_path, NULL);
    m->mapped = m->image != NULL && rename(new_path, m->path) == 0;
    if (!m->mapped) {
        if (m->image != NULL)
            munmap(m->image, sizeof(*m->image));
        unlink(new_path);
        unlink(m->path);
        m->image = mem_zalloc(sizeof(*m->image));
    }
    free(new_path);
}

void marks_forget(struct marks *m)
{
    renew_image(m);
    memcpy(m->image->boot, m->boot, BOOT_ID_MAX);
    memcpy(m->image->magic, MAGIC, sizeof(MAGIC) - 1);
    m->known = true;
    for (m->free_count = 0; m->free_count < MARKS_MAX; m->free_count++)
        m->free[m->free_count] = MARKS_MAX - 1 - m->free_count;
}

struct mark *marks_take(struct marks *m, int64_t message_id, int attempt)
{
    if (m->free_count == 0)
        return NULL;
    struct mark *k = &m->image->marks[m->free[--m->free_count]];
    atomic_store(&k->passed, 0);
    k->attempt = (uint32_t)attempt;
    k->message_id = message_id;
    if (atomic_load(&m->image->revoked) != 0)
        atomic_fetch_or(&k->passed, GATEWAY_MARK_REVOKED);
    return k;
}

atomic_uint *mark_flag(struct mark *k)
{
    return &k->passed;
}

void marks_drop(struct marks *m, struct mark *k)
{
    if (k == NULL)
        return;
    k->message_id = 0;
    m->free[m->free_count++] = (uint32_t)(k - m->image->marks);
}
