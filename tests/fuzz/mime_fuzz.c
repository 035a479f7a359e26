/*
 * Any bytes as the parts of a mail: either refused with a sentence, or bytes that keep to what
 * text/mime.h promises, so that no relay and no reader can be led astray.
 *
 * The input: subject, sender's name, text, HTML, sender, reply-to, unsubscribe address, language.
 */
#include <assert.h>

#include "fuzz.h"
#include "text/mime.h"

#define LINE_MAX_BYTES 998

static void check_lines(const char *data, size_t len)
{
    size_t begin = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        assert(c < 0x80 && c != 0);
        if (c == '\r')
            assert(i + 1 < len && data[i + 1] == '\n');
        if (c != '\n')
            continue;
        assert(i > 0 && data[i - 1] == '\r');
        assert(i - begin <= LINE_MAX_BYTES + 1);
        assert(data[begin] != '.');
        begin = i + 1;
    }
    assert(begin == len);
}

/* Headers that a value must not be able to add. */
static size_t count_headers(const char *data, const char *name)
{
    const char *end = strstr(data, "\r\n\r\n");
    size_t count = 0, len = strlen(name);

    for (const char *p = data; p < end; p = strstr(p, "\r\n") + 2)
        count += strncasecmp(p, name, len) == 0;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts p = parts_of(data, size, PARTS_MAX);
    struct mime_mail mail = {
        .from = {p.text[1], p.text[4][0] != '\0' ? p.text[4] : "garage@example.com"},
        .to = {NULL, "client@example.com"},
        .subject = p.text[0],
        .text = p.text[2],
        .html = p.text[3][0] != '\0' ? p.text[3] : NULL,
        .reply_to = p.text[5][0] != '\0' ? p.text[5] : NULL,
        .unsubscribe_url = p.text[6][0] != '\0' ? p.text[6] : NULL,
        .language = p.text[7][0] != '\0' ? p.text[7] : NULL,
        .message_id = "<0123456789abcdef0123456789abcdef@example.com>",
        .date_ms = 1780000000000,
        .boundary = "b0123456789",
    };
    struct err err = {""};
    struct buf out;

    buf_init(&out);
    int rc = mime_build(&mail, &out, &err);
    assert((rc == 0) == (err.text[0] == '\0'));
    if (rc != 0) {
        assert(out.len == 0);
    } else {
        check_lines(out.data, out.len);
        assert(count_headers(out.data, "To:") == 1);
        assert(count_headers(out.data, "Bcc:") == 0);
        assert(count_headers(out.data, "From:") == 1);
    }
    buf_close(&out);
    parts_close(&p);
    return 0;
}
