/* The invitation that goes with a mail. See send/invite.h. */
#include "send/invite.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/write.h"
#include "send/told.h"
#include "store/invitations.h"

#define UID_MAX 255            /* bytes of a writer's own; RFC 7986, 5.3 asks for less */
#define SEQUENCE_MAX INT32_MAX /* RFC 5545, 3.3.8 */

void invitation_close(struct invitation *i)
{
    free(i->uid);
    free(i->told);
    *i = (struct invitation){0};
}

static bool has_status(const struct appointment *a, const char *status)
{
    return a->status != NULL && strcmp(a->status, status) == 0;
}

static bool read_times(const struct zone *home, const struct appointment *a,
                       struct ical_out_event *e)
{
    return told_event(home, a->starts, a->ends, a->timezone, e);
}

enum invite invite_kind(const struct settings *settings, const struct compose_input *in)
{
    const struct appointment *a = in->appointment;
    struct ical_out_event e = {0};

    if (in->rule == NULL || !in->rule->invite || in->channel != CHANNEL_EMAIL || a == NULL ||
        in->client == NULL || in->recipient != NULL || in->to_house ||
        !read_times(settings->business.calendar.zone, a, &e))
        return INVITE_NOTHING;
    if (has_status(a, "cancelled"))
        return INVITE_CANCEL;
    return has_status(a, "booked") || has_status(a, "confirmed") ? INVITE_REQUEST : INVITE_NOTHING;
}

/* --- by which name and number --- */

/* All that makes it another event for whoever has it in her calendar. What only explains it (the
 * words of the mail) is not in it. */
static char *tell(const struct zone *home, const struct appointment *a, bool cancel)
{
    struct ical_out_event e = {0};

    read_times(home, a, &e);
    return mem_printf("%s\x1f%lld\x1f%lld\x1f%s\x1f%s\x1f%s\x1f%s", e.all_day ? "days" : "times",
                      (long long)(e.all_day ? e.first_day : e.start_ms),
                      (long long)(e.all_day ? e.behind_day : e.end_ms),
                      e.all_day ? "" : zone_name(e.zone), a->title != NULL ? a->title : "",
                      a->location != NULL ? a->location : "", cancel ? "cancelled" : "");
}

static int make_uid(struct store *s, int64_t subject_id, const struct appointment *a, char **out)
{
    bool taken = true;
    char *identity;
    int rc = 0;

    if (!str_blank(a->uid) && strlen(a->uid) <= UID_MAX)
        rc = store_uid_taken(s, subject_id, a->uid, &taken);
    if (rc == 0 && !taken) {
        *out = mem_strdup(a->uid);
        return 0;
    }
    if (rc == 0)
        rc = store_identity(s, &identity);
    if (rc != 0)
        return rc;
    *out = mem_printf("%s-%lld@betimes", identity, (long long)subject_id);
    free(identity);
    return 0;
}

static int at_least(int64_t sequence, const struct appointment *a)
{
    int64_t n = sequence > a->sequence ? sequence : a->sequence;

    return n > SEQUENCE_MAX ? SEQUENCE_MAX : n < 0 ? 0 : (int)n;
}

int invite_number(struct store *s, const struct settings *settings, int64_t subject_id,
                  const struct compose_input *in, struct invitation *out)
{
    const struct appointment *a = in->appointment;
    enum invite kind = invite_kind(settings, in);
    struct invited known;

    *out = (struct invitation){.cancel = kind == INVITE_CANCEL};
    if (kind == INVITE_NOTHING)
        return 0;
    int rc = store_invited(s, subject_id, &known);
    bool first = rc == ERR_NOTFOUND, hers = rc == 0 && known.client_row == in->client->id;
    out->told = tell(settings->business.calendar.zone, a, out->cancel);
    if (first)
        rc = 0;
    if (first && !out->cancel) {
        rc = make_uid(s, subject_id, a, &out->uid);
        out->sequence = at_least(0, a);
    } else if (rc == 0 && (hers || !out->cancel)) {
        bool changed = !hers || strcmp(out->told, known.told) != 0;
        out->uid = mem_strdup(known.uid);
        out->sequence = at_least(known.sequence + changed, a);
    } /* else there is nothing in her calendar to take out */
    invited_close(&known);
    return rc;
}

int invite_look(struct store *s, const struct zone *home, int64_t subject_id,
                const struct appointment *a, struct invitation *out)
{
    struct invited known;
    int rc = store_invited(s, subject_id, &known);

    *out = (struct invitation){.cancel = has_status(a, "cancelled")};
    out->told = tell(home, a, out->cancel);
    if (rc == 0) {
        out->uid = mem_strdup(known.uid);
        out->sequence = at_least(known.sequence + (strcmp(out->told, known.told) != 0), a);
    } else if (rc == ERR_NOTFOUND) {
        rc = make_uid(s, subject_id, a, &out->uid);
        out->sequence = at_least(0, a);
    }
    invited_close(&known);
    return rc;
}

int invite_keep(struct store *s, int64_t subject_id, const struct compose_input *in)
{
    const struct invitation *i = in->invitation;

    if (i->uid == NULL)
        return 0;
    return store_invited_save(
        s, subject_id,
        &(struct invited){
            .uid = i->uid, .sequence = i->sequence, .client_row = in->client->id, .told = i->told});
}

/* --- the calendar --- */

const char *invite_type(const struct invitation *i)
{
    return i->cancel ? "text/calendar; method=CANCEL" : "text/calendar; method=REQUEST";
}

void invite_write(const struct settings *settings, const struct compose_input *in,
                  const struct address *from, const char *text, struct buf *out)
{
    const struct appointment *a = in->appointment;
    const struct invitation *i = in->invitation;
    struct ical_calendar calendar = {.method = i->cancel ? ICAL_CANCEL : ICAL_REQUEST,
                                     .now_ms = in->now_ms};
    struct ical_out_event e = {
        .uid = i->uid,
        .sequence = i->sequence,
        .status = ICAL_CONFIRMED,
        .summary = !str_blank(a->title) ? a->title : settings->business.name,
        .description = text,
        .location = a->location,
        .organizer = {from->name, from->mailbox},
        .attendee = {in->client->name, in->to},
        .partstat = has_status(a, "confirmed") ? "ACCEPTED" : NULL,
    };
    struct ical_writer w;

    read_times(settings->business.calendar.zone, a, &e);
    ical_write_begin(&w, out, &calendar);
    ical_write_event(&w, &e);
    ical_write_end(&w);
}
