/*
 * Any bytes as a calendar object that an answer is written into, as the child of ical/edit does it:
 * refused, or another object that says what was asked for and no more: every line that is not one
 * of those that are written is there as before.
 *
 * The input: which of a series, the attendee, the object; an "x" in front of the first: confirmed.
 */
#include <assert.h>

#include "base/buf.h"
#include "fuzz.h"
#include "ical/edit.h"

static size_t count_lines(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts p = parts_of(data, size, 3);
    bool confirmed = p.text[0][0] == 'x';
    struct ical_edit e = {
        .uid = "1",
        .recurrence = p.text[0] + confirmed,
        .cancelled = !confirmed,
        .known_cancelled = true,
        .attendee = p.text[1][0] != '\0' ? p.text[1] : NULL,
        .now_ms = 1796034600000,
    };
    struct buf out, again;
    struct err err = {""};
    bool changed, twice;

    buf_init(&out);
    buf_init(&again);
    int rc = ical_edit_text(p.text[2], p.len[2], &e, &out, &changed, &err);
    assert((rc == 0) == (err.text[0] == '\0'));
    assert(rc == 0 || !changed);
    assert(changed == (out.len > 0));
    if (changed) {
        assert(str_utf8_valid(out.data, out.len) == out.len);
        assert(count_lines(out.data, out.len) > 0);
        assert(ical_edit_text(out.data, out.len, &e, &again, &twice, &err) == 0 && !twice);
    }
    buf_close(&out);
    buf_close(&again);
    parts_close(&p);
    return 0;
}
