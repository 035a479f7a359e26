/*
 * A calendar to subscribe to. See feed_write.h.
 *
 * Its text depends on nothing but what the tag is made of: the rows, the clocks of their zones, the
 * names at its head. No time of writing stands in it (DTSTAMP is when a visit was last changed), so
 * equal tags have equal bytes, over restarts too.
 *
 * It is written in pieces of PIECE_BYTES, so that a calendar of fifty thousand visits takes no more
 * memory than one of fifty.
 */
#include "web/feed_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "send/told.h"
#include "store/visits.h"
#include "time/moment.h"
#include "web/feeds.h"
#include "web/words.h"

#define PIECE_BYTES (64 * 1024)

/* --- the tag --- */

static void add_number(struct feed_writing *w, int64_t n)
{
    EVP_DigestUpdate(w->digest, &n, sizeof(n));
}

/* With its length in front, so that no two rows write the same; NULL is not "". */
static void add_text(struct feed_writing *w, const char *text)
{
    add_number(w, text != NULL ? (int64_t)strlen(text) : -1);
    if (text != NULL)
        EVP_DigestUpdate(w->digest, text, strlen(text));
}

static bool times_of(const struct feed *f, const struct visit_row *row, struct ical_out_event *e)
{
    bool is = told_event(f->zone, row->texts[VISIT_STARTS], row->texts[VISIT_ENDS],
                         row->texts[VISIT_TIMEZONE], e);

    if (is && !e->all_day && e->end_ms <= e->start_ms)
        e->end_ms = e->start_ms + FEED_VISIT_MS;
    return is;
}

static void look_each(void *arg, const struct visit_row *row)
{
    struct feed_writing *w = arg;
    struct ical_out_event e = {0};

    add_number(w, row->subject_id);
    add_number(w, row->sequence);
    add_number(w, row->changed_ms);
    for (int i = 0; i < VISIT_TEXTS; i++)
        add_text(w, row->texts[i]);
    if (times_of(w->feed, row, &e))
        ical_write_zone_of(&w->writer, &e);
}

int feed_look(struct store *s, const struct feed *f, struct feed_writing *w)
{
    struct ical_calendar calendar = {
        .method = ICAL_PUBLISH, .name = f->name, .refresh_minutes = f->refresh_minutes};
    const char *const heads[] = {BETIMES_VERSION, f->name,     f->business,
                                 f->email,        f->identity, zone_name(f->zone)};
    unsigned char digest[EVP_MAX_MD_SIZE];

    *w = (struct feed_writing){.feed = f, .digest = EVP_MD_CTX_new()};
    buf_init(&w->text);
    if (w->digest == NULL || EVP_DigestInit_ex(w->digest, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory */
    ical_write_begin(&w->writer, &w->text, &calendar);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        add_text(w, heads[i]);
    int rc = store_visits(s, f->staff_row, f->from, look_each, w);
    for (size_t i = 0; i < w->writer.zone_count; i++)
        add_number(w, (int64_t)zone_fingerprint(w->writer.zones[i].zone));
    EVP_DigestFinal_ex(w->digest, digest, NULL);
    for (int i = 0; i < FEED_TAG_DIGITS / 2; i++)
        snprintf(w->tag + i * 2, 3, "%02x", digest[i]);
    return rc;
}

/* --- the text --- */

static enum ical_status status_of(const char *status)
{
    if (str_eq(status, "booked"))
        return ICAL_TENTATIVE; /* until the client says yes */
    return str_eq(status, "cancelled") || str_eq(status, "missed") ? ICAL_CANCELLED
                                                                   : ICAL_CONFIRMED;
}

static const char *status_words(const char *status)
{
    static const struct {
        const char *status;
        enum word w;
    } words[] = {
        {"booked", W_BOOKED},       {"confirmed", W_CONFIRMED}, {"cancelled", W_CANCELLED},
        {"completed", W_COMPLETED}, {"missed", W_MISSED},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eq(status, words[i].status))
            return word(words[i].w);
    return NULL;
}

static void add_line(struct buf *b, enum word label, const char *value, const char *more)
{
    if (value == NULL)
        return;
    buf_printf(b, "%s%s: %s", b->len > 0 ? "\n" : "", word(label), value);
    if (more != NULL)
        buf_printf(b, ", %s", more);
}

static void describe(const struct feed *f, const struct visit_row *row, struct buf *out)
{
    const char *const *t = row->texts;

    add_line(out, W_FEED_PHONE, t[VISIT_PHONE], NULL);
    if (t[VISIT_JOB] != NULL)
        add_line(out, W_FEED_JOB, t[VISIT_JOB], t[VISIT_JOB_TITLE]);
    else
        add_line(out, W_FEED_JOB, t[VISIT_JOB_TITLE], NULL);
    if (f->staff_row == 0)
        add_line(out, W_FEED_STAFF, t[VISIT_STAFF], NULL);
    add_line(out, W_FEED_STATUS, status_words(t[VISIT_STATUS]), NULL);
}

/* Who, and what for: the first words are what a narrow column shows. */
static void sum_up(const struct visit_row *row, struct buf *out)
{
    const char *who = row->texts[VISIT_CLIENT], *what = row->texts[VISIT_TITLE];

    if (what == NULL)
        what = row->texts[VISIT_JOB_TITLE];
    buf_printf(out, "%s%s%s", who != NULL ? who : "", who != NULL && what != NULL ? ": " : "",
               what != NULL ? what : "");
}

/* When the row's writer, or what we saw, last changed it. */
static int64_t changed_ms(const struct visit_row *row)
{
    struct moment m;
    const char *updated = row->texts[VISIT_UPDATED];
    int64_t at_ms = 0;

    if (updated != NULL && moment_parse(updated, &m, NULL) == 0 && m.kind == MOMENT_INSTANT)
        at_ms = moment_instant(&m, zone_utc());
    return at_ms > row->changed_ms ? at_ms : row->changed_ms;
}

static void put(struct feed_writing *w)
{
    if (w->rc == 0)
        w->rc = fs_put(w->fd, w->text.data, w->text.len, NULL);
    w->written += w->text.len;
    buf_clear(&w->text);
}

static void write_each(void *arg, const struct visit_row *row)
{
    struct feed_writing *w = arg;
    const struct feed *f = w->feed;
    struct buf summary, description;
    struct ical_out_event e = {
        .sequence = row->sequence > INT32_MAX ? INT32_MAX : (int)row->sequence,
        .status = status_of(row->texts[VISIT_STATUS]),
        .location = row->texts[VISIT_LOCATION],
        .organizer = {f->business, f->email},
        .modified_ms = changed_ms(row),
    };

    if (w->rc != 0 || !times_of(f, row, &e))
        return;
    buf_init(&summary);
    buf_init(&description);
    sum_up(row, &summary);
    describe(f, row, &description);
    char *uid = mem_printf("%s-%lld@betimes", f->identity, (long long)row->subject_id);
    e.uid = uid;
    e.summary = summary.data;
    e.description = description.data;
    ical_write_event(&w->writer, &e);
    free(uid);
    buf_close(&summary);
    buf_close(&description);
    if (w->text.len >= PIECE_BYTES)
        put(w);
}

int feed_write(struct store *s, struct feed_writing *w, int fd, size_t *len)
{
    w->fd = fd;
    ical_write_zones(&w->writer);
    int rc = store_visits(s, w->feed->staff_row, w->feed->from, write_each, w);
    ical_write_end(&w->writer);
    put(w);
    *len = w->written;
    return rc != 0 ? rc : w->rc;
}

void feed_writing_close(struct feed_writing *w)
{
    ical_write_close(&w->writer);
    buf_close(&w->text);
    EVP_MD_CTX_free(w->digest);
    w->digest = NULL;
}
