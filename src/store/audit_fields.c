/* Changed fields in the audit. See store/audit_fields.h. */
#include "store/audit_fields.h"

#include <string.h>

static void put_value(struct buf *b, const char *value)
{
    for (; value != NULL && *value != '\0'; value++)
        buf_putc(b, strchr("\t\r\n", *value) != NULL ? ' ' : *value);
}

void audit_fields_add(struct buf *detail, const char *field, const char *before, const char *after)
{
    if (detail->len > 0)
        buf_putc(detail, '\n');
    put_value(detail, field);
    buf_putc(detail, '\t');
    put_value(detail, before);
    buf_putc(detail, '\t');
    put_value(detail, after);
}

bool audit_fields_next(char **rest, struct audit_field *out)
{
    char *line = *rest, *end = line + strcspn(line, "\n");
    char *before = memchr(line, '\t', (size_t)(end - line));
    char *after = before != NULL ? memchr(before + 1, '\t', (size_t)(end - before - 1)) : NULL;

    if (after == NULL)
        return false;
    *rest = *end != '\0' ? end + 1 : end;
    *end = *before = *after = '\0';
    *out = (struct audit_field){line, before + 1, after + 1};
    return true;
}
