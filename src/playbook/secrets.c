/*
 * Passwords and tokens. A bare name is first looked for among the credentials that the service
 * manager hands us (systemd.exec(5), LoadCredential=), then, like any path, beneath the folder of
 * the configuration; there, nobody but its owner may read it. One exception: a file of root's that
 * the group of that folder may read, for where the folder is made for a service that root
 * administers, /etc/betimes of root and the group betimes. Messages name files, never content.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"

#define SECRET_MAX (64 * 1024) /* bytes; OAuth2 tokens are the longest, at a few KiB */

static char *credential_path(const char *name)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");

    if (dir == NULL || *dir == '\0' || strchr(name, '/') != NULL)
        return NULL;
    char *path = fs_join(dir, name);
    if (fs_exists(path))
        return path;
    free(path);
    return NULL;
}

/* Is it readable by the service's group instead of by a service that owns it? */
static bool is_of_service(const struct stat *st, const char *dir)
{
    struct stat folder;

    return st->st_uid == 0 && st->st_gid != 0 && (st->st_mode & 037) == 0 &&
           stat(dir, &folder) == 0 && folder.st_uid == 0 && folder.st_gid == st->st_gid;
}

char *secret_path(const struct directive_place *at, const char *dir, const char *name)
{
    struct stat st;
    char *path = credential_path(name);

    if (path != NULL)
        return path;
    path = fs_join(dir, name);
    if (stat(path, &st) != 0)
        place_error(at, "%s: %s%s", path,
                    errno == ENOENT ? "there is no such file" : strerror(errno),
                    strchr(name, '/') == NULL ? ", and no credential of that name" : "");
    else if (!S_ISREG(st.st_mode))
        place_error(at, "%s is no file", path);
    else if ((st.st_mode & 077) != 0 && !is_of_service(&st, dir))
        place_error(at, "others can read %s; run `chmod 600 %s`", path, path);
    else
        return path;
    free(path);
    return NULL;
}

char *secret_read(const struct directive_place *at, const char *dir, const char *name)
{
    struct buf b;
    struct err err = {0};
    char *secret = NULL;
    char *path = secret_path(at, dir, name);

    if (path == NULL)
        return NULL;
    buf_init(&b);
    buf_reserve(&b, SECRET_MAX + 1); /* so that no copy is left behind by growing */
    int rc = fs_read(path, SECRET_MAX, &b, &err);
    if (b.len > 0 && b.data[b.len - 1] == '\n')
        buf_truncate(&b, b.len - 1);
    if (b.len > 0 && b.data[b.len - 1] == '\r')
        buf_truncate(&b, b.len - 1);
    if (rc != 0)
        place_error(at, "%s", err.text);
    else if (b.len == 0)
        place_error(at, "%s is empty; it should hold the secret on its one line", path);
    else if (!str_one_line(b.data, b.len))
        place_error(at, "%s has more than one line, or control characters in it", path);
    else
        secret = mem_strndup(b.data, b.len);
    explicit_bzero(b.data, b.cap);
    buf_close(&b);
    free(path);
    return secret;
}

void secret_free(char *s)
{
    if (s != NULL)
        explicit_bzero(s, strlen(s));
    free(s);
}
