#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* What was cut within a character ends before it: the text is to stay UTF-8. */
static void end_whole(struct err *e)
{
    size_t len = strlen(e->text), at = len;

    if (len < sizeof(e->text) - 1)
        return;
    while (at > 0 && len - at < 3 && ((unsigned char)e->text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at > 0 && (unsigned char)e->text[at - 1] >= 0xc0 &&
        str_utf8_valid(e->text + at - 1, len - at + 1) == 0)
        e->text[at - 1] = '\0';
}

void err_set(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    end_whole(e);
}

void err_context(struct err *e, const char *fmt, ...)
{
    char inner[ERR_TEXT_MAX];
    va_list ap;

    if (e == NULL)
        return;
    memcpy(inner, e->text, sizeof(inner));
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    size_t n = strlen(e->text);
    snprintf(e->text + n, sizeof(e->text) - n, ": %s", inner);
    end_whole(e);
}

static int code_of(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return ERR_READONLY;
    case ENOENT:
        return ERR_NOTFOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EAGAIN:
    case EBUSY:
        return ERR_BUSY;
    default:
        return ERR_IO;
    }
}

int err_errno(struct err *e, int errnum, const char *fmt, ...)
{
    char words[128];
    va_list ap;

    if (e != NULL) {
        va_start(ap, fmt);
        vsnprintf(e->text, sizeof(e->text), fmt, ap);
        va_end(ap);
        size_t n = strlen(e->text);
        snprintf(e->text + n, sizeof(e->text) - n, ": %s",
                 strerror_r(errnum, words, sizeof(words)));
    }
    return code_of(errnum);
}

const char *err_name(int code)
{
    switch (code) {
    case 0:
        return "ok";
    case ERR_INVALID:
        return "invalid";
    case ERR_NOTFOUND:
        return "not found";
    case ERR_IO:
        return "io";
    case ERR_BUSY:
        return "busy";
    case ERR_FULL:
        return "full";
    case ERR_READONLY:
        return "read-only";
    case ERR_CORRUPT:
        return "corrupt";
    case ERR_LIMIT:
        return "limit";
    case ERR_EXISTS:
        return "exists";
    case ERR_CANCELLED:
        return "cancelled";
    default:
        return "error";
    }
}
