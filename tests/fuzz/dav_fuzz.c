/*
 * Any bytes as a CalDAV server's answer, in one piece and in small ones: both read the same, and
 * what is handed on is within the limits.
 */
#include <assert.h>

#include "base/err.h"
#include "calendar/dav.h"
#include "fuzz.h"

#define PIECE 7

struct seen {
    size_t count;
    uint64_t hash;
};

static void hash_text(struct seen *s, const char *text, size_t len, size_t max)
{
    assert(len <= max && strlen(text) <= len);
    s->hash = str_hash(text, len, s->hash);
}

static bool response_cb(void *arg, const struct dav_response *r)
{
    struct seen *s = arg;
    const char *texts[] = {r->href, r->etag,      r->ctag, r->sync_token,
                           r->name, r->principal, r->home};

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        hash_text(s, texts[i], strlen(texts[i]), DAV_TEXT_MAX);
    hash_text(s, r->data, r->data_len, DAV_DATA_MAX);
    assert(r->status == 0 || (r->status >= 100 && r->status <= 599));
    s->count++;
    return true;
}

static int read_all(const uint8_t *data, size_t size, size_t piece, struct seen *s)
{
    struct dav_reader *d = dav_reader_create(response_cb, s);
    struct dav_summary summary;
    struct err err = {""};
    int rc = 0;

    for (size_t at = 0; at < size && rc == 0; at += piece)
        rc = dav_read(d, (const char *)data + at, size - at < piece ? size - at : piece, &err);
    if (rc == 0)
        rc = dav_read_end(d, &summary, &err);
    assert((rc == 0) == (err.text[0] == '\0'));
    if (rc == 0)
        assert(summary.responses == s->count && strlen(summary.sync_token) <= DAV_TEXT_MAX);
    dav_reader_free(d);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = {0}, pieces = {0};
    int rc = read_all(data, size, size > 0 ? size : 1, &whole);

    assert(read_all(data, size, PIECE, &pieces) == rc);
    assert(rc != 0 || (whole.count == pieces.count && whole.hash == pieces.hash));
    return 0;
}
