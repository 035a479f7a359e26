/* Where a database lives. See service/home.h. The line is "machine=... board=... file=...
 * host=..."; a part that is not known is left out. */
#include "service/home.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#define ID_MAX 256
#define HASH_BYTES 8
#define HOST_MAX 65
#define PART_MAX 128

/* Ids of the system or the board are not for others to read: only a hash of them is kept. */
static void add_id(struct buf *b, const char *name, const char *path)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct buf id;

    buf_init(&id);
    buf_puts(&id, "betimes ");
    size_t before = id.len;
    if (fs_read(path, ID_MAX, &id, NULL) == 0 && id.len > before &&
        !str_starts(id.data + before, "uninitialized") &&
        EVP_Digest(id.data, id.len, digest, NULL, EVP_sha256(), NULL) == 1) {
        buf_printf(b, "%s=", name);
        for (int i = 0; i < HASH_BYTES; i++)
            buf_printf(b, "%02x", digest[i]);
        buf_putc(b, ' ');
    }
    buf_close(&id);
}

static bool in_container(void)
{
    return getenv("container") != NULL || fs_exists("/run/systemd/container") ||
           fs_exists("/run/.containerenv") || fs_exists("/.dockerenv");
}

char *home_of(const char *database)
{
    struct statx x;
    char host[HOST_MAX] = "";
    struct buf b;

    buf_init(&b);
    if (!in_container()) {
        add_id(&b, "machine", "/etc/machine-id");
        add_id(&b, "board", "/sys/class/dmi/id/product_uuid");
    }
    if (statx(AT_FDCWD, database, 0, STATX_INO | STATX_BTIME, &x) == 0) {
        buf_printf(&b, "file=%llu", (unsigned long long)x.stx_ino);
        if (x.stx_mask & STATX_BTIME)
            buf_printf(&b, "-%lld.%u", (long long)x.stx_btime.tv_sec, x.stx_btime.tv_nsec);
        buf_putc(&b, ' ');
    }
    gethostname(host, sizeof(host) - 1);
    buf_printf(&b, "host=%s", host);
    return buf_steal(&b);
}

/* false: the line has no such part. */
static bool part_of(const char *line, const char *name, char out[PART_MAX])
{
    size_t n = strlen(name);

    for (const char *p = line; p != NULL && *p != '\0';) {
        const char *end = strchrnul(p, ' ');
        if (strncmp(p, name, n) == 0 && p[n] == '=') {
            snprintf(out, PART_MAX, "%.*s", (int)(end - p - (long)n - 1), p + n + 1);
            return true;
        }
        p = *end != '\0' ? end + 1 : end;
    }
    return false;
}

static bool differs(const char *before, const char *now, const char *name)
{
    char a[PART_MAX], b[PART_MAX];

    return part_of(before, name, a) && part_of(now, name, b) && strcmp(a, b) != 0;
}

char *home_difference(const char *before, const char *now)
{
    char host[PART_MAX] = "";

    part_of(before, "host", host);
    if (differs(before, now, "machine") || differs(before, now, "board"))
        return mem_printf("was copied from another machine%s%s%s", host[0] != '\0' ? " (" : "",
                          host, host[0] != '\0' ? ")" : "");
    if (differs(before, now, "file"))
        return mem_strdup("was copied or restored: it is another file than the service last "
                          "worked with");
    return NULL;
}
