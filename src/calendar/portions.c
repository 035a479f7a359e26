/*
 * Objects by the portion. See portions.h.
 *
 * The happy path: as many objects as PORTION_BYTES hold go to one child, and what it says of them
 * is added to the look.
 *
 * When things fail: a child refuses all that it was given for one line too many, and one that meets
 * a limit or crashes says nothing at all. So a portion that came to nothing is halved until the
 * object that spoils it is alone; it gets its trouble, and the others are read without it. That
 * costs two dozen children for one among thousands. SPOILT_MAX and SPENT_MAX_MS bound it.
 */
#include "calendar/portions.h"

#include "base/clock.h"
#include "base/mem.h"

#define PORTION_BYTES ((size_t)8 * 1024 * 1024)
#define SPOILT_MAX 1000                  /* objects, of one look */
#define SPENT_MAX_MS INT64_C(120 * 1000) /* on portions that came to nothing */

struct reader {
    struct portions *p;
    struct ical_request request;
    size_t spoilt;
    int64_t spent_ms;
};

/* Objects [from, to) in one child. */
static int read_portion(const struct reader *r, size_t from, size_t to, struct err *err)
{
    const struct sync_object *first = &r->p->objects[from], *last = &r->p->objects[to - 1];
    struct ical_reading reading = {0};
    int rc = ical_read(r->p->bytes + first->at, last->at + last->len - first->at, &r->request,
                       &reading, err);

    if (rc == 0)
        rc = look_read(r->p->rules, &reading, r->p->look, err);
    ical_reading_close(&reading);
    return rc;
}

/* The only object of a portion that came to nothing. */
static int give_up(struct reader *r, size_t at, struct err *err)
{
    if (++r->spoilt > SPOILT_MAX) {
        err_context(err, "more than %d of its objects cannot be read, such as this one",
                    SPOILT_MAX);
        return ERR_INVALID;
    }
    r->p->objects[at].trouble = mem_strdup(err->text);
    err->text[0] = '\0';
    return 0;
}

/* Objects [from, to), halved until each can be read, or is alone. */
static int read_halving(struct reader *r, size_t from, size_t to, struct err *err)
{
    int64_t began_ms = clock_mono_ms();

    if (r->p->stop != NULL && atomic_load(r->p->stop))
        return ERR_CANCELLED;
    size_t events = r->p->look->event_count;
    int rc = read_portion(r, from, to, err);
    if (rc != ERR_INVALID || r->p->look->event_count != events)
        return rc; /* fine; or no reader at all; or one that says what makes no sense */
    r->spent_ms += clock_mono_ms() - began_ms;
    if (r->spent_ms > SPENT_MAX_MS) {
        err_context(err, "its objects take too long to read");
        return ERR_INVALID;
    }
    if (to - from == 1)
        return give_up(r, from, err);
    size_t half = from + (to - from) / 2;
    rc = read_halving(r, from, half, err);
    return rc == 0 ? read_halving(r, half, to, err) : rc;
}

int portions_read(struct portions *p, struct err *err)
{
    struct reader r = {.p = p};
    int rc = 0;

    look_request(p->rules, &r.request);
    for (size_t from = 0, to; from < p->count && rc == 0; from = to) {
        to = from + 1;
        if (p->objects[from].len == 0)
            continue;
        while (to < p->count && p->objects[to].len > 0 &&
               p->objects[to].at + p->objects[to].len - p->objects[from].at <= PORTION_BYTES)
            to++;
        rc = read_halving(&r, from, to, err);
    }
    return rc;
}

int portions_read_whole(struct portions *p, struct err *err)
{
    struct reader r = {.p = p};

    look_request(p->rules, &r.request);
    return read_portion(&r, 0, p->count, err);
}
