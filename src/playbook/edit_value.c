/*
 * A value as it is written into a file. See edit_value.h.
 */
#include "edit_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "internal.h"

void edit_value_split(const char *value, struct str_list *lines)
{
    if (value != NULL)
        str_split(lines, value, '\n');
}

char *edit_value_join(const struct str_list *lines, const char *between)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < lines->count; i++)
        buf_printf(&b, "%s%s", i > 0 ? between : "", lines->items[i]);
    return buf_steal(&b);
}

/* Does the reader see the value in these lines? */
static bool reads_as(const struct str_list *lines, const char *value)
{
    char *joined = edit_value_join(lines, "\n" INDENT), *text = mem_printf("[s]\nk = %s\n", joined);
    struct problems problems = {0};
    struct ini *ini = ini_parse("", text, strlen(text), &problems);
    const char *seen = ini_get(ini_section(ini, "s", ""), "k");
    bool same = problems.errors == 0 && seen != NULL && strcmp(seen, value) == 0;

    ini_free(ini);
    problems_close(&problems);
    free(joined);
    free(text);
    return same;
}

static char *quoted(const char *value)
{
    struct buf b;

    buf_init(&b);
    buf_putc(&b, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            buf_putc(&b, '\\');
        buf_putc(&b, *value);
    }
    buf_putc(&b, '"');
    return buf_steal(&b);
}

int edit_value_write(const char *key, struct str_list *lines, struct err *err)
{
    char *value = edit_value_join(lines, "\n");
    bool fits = reads_as(lines, value);

    if (!fits && lines->count == 1) {
        char *in_quotes = quoted(value);
        free(lines->items[0]);
        lines->items[0] = in_quotes;
        fits = reads_as(lines, value);
    }
    free(value);
    if (!fits)
        err_set(err,
                "`%s` cannot be written like this: in a value of several lines, ; and # belong in "
                "quotes, each quote has its partner on its line, and there are no control "
                "characters",
                key);
    return fits ? 0 : ERR_INVALID;
}
