/* Sentences about events. See words.h. */
#include "calendar/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "calendar/sync.h"

#define TITLE_MAX 100 /* bytes of what a stranger wrote */
#define FILE_MAX 200

/* "anna@example.com and +37129123456", "the ref K-17": a list in words. */
static void put_names(struct buf *out, const char *names)
{
    struct str_list lines = {0};

    str_split(&lines, names, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *value = strchr(lines.items[i], ' ');
        buf_printf(out, "%s%s%s",
                   i == 0                ? ""
                   : i + 1 < lines.count ? ", "
                                         : " and ",
                   str_starts(lines.items[i], "ref ") ? "the ref " : "",
                   value != NULL ? value + 1 : lines.items[i]);
    }
    str_list_close(&lines);
}

char *words_unmatched(const char *names, bool several)
{
    struct buf b;

    buf_init(&b);
    if (*names == '\0') {
        buf_puts(&b, "names no client: add the client's e-mail address to its guests, or a line "
                     "that a `pattern` finds");
    } else if (several) {
        buf_puts(&b, "fits more than one client (");
        put_names(&b, names);
        buf_puts(&b, "): leave only the one who comes in it");
    } else {
        buf_puts(&b, "names ");
        put_names(&b, names);
        buf_puts(&b, ", and no client has that: add the client, or correct the event");
    }
    return buf_steal(&b);
}

char *words_unreadable(const char *tzid)
{
    if (tzid == NULL)
        return mem_strdup("has no time that can be understood: set it again in the calendar");
    return mem_printf("is told by clocks that nobody here knows (%s): give it a time zone such as "
                      "Europe/Riga",
                      tzid);
}

char *words_task(const char *calendar, const char *title, const char *starts, const char *why)
{
    char *when = mem_strdup(starts != NULL ? starts : "?"), *t = strchr(when, 'T');
    bool file = str_eq(calendar, SYNC_IMPORT);

    if (t != NULL)
        *t = ' ';
    char *text = mem_printf("“%s” on %s in %s%s %s", title != NULL ? title : "(no title)", when,
                            file ? "a calendar file" : "the calendar ", file ? "" : calendar, why);
    free(when);
    return text;
}

char *words_object(const char *calendar, const char *href, const char *title, const char *why)
{
    const char *slash = strrchr(href, '/'), *file = slash != NULL ? slash + 1 : href;
    int len = (int)str_utf8_valid(title, strnlen(title, TITLE_MAX));

    return mem_printf("An entry of the calendar %s cannot be read: %s%.*s%s%.*s. %s. What is known "
                      "of it stays as it is; correct it in the calendar, or delete it there.",
                      calendar, len > 0 ? "“" : "", len, title, len > 0 ? "”, " : "",
                      (int)str_utf8_valid(file, strnlen(file, FILE_MAX)), file, why);
}
