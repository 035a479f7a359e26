/*
 * The link by which a client puts one visit into their own calendar (send/visit_link.h): the visit
 * as it stands now, by the UID that an invitation has, so that one does not double the other. It
 * ends LINK_DAYS after the visit; what has ended looks like what never was.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "ical/write.h"
#include "send/invite.h"
#include "send/told.h"
#include "send/visit_link.h"
#include "store/entities.h"
#include "store/records.h"
#include "time/civil.h"
#include "web/feeds.h"
#include "web/pages.h"

#define LINK_DAYS 30
#define DAY_MS (CIVIL_DAY_S * 1000)

static int load(struct visit *v, int64_t *subject_id, struct appointment *out)
{
    struct entity e = {0};
    int rc = visit_link_read(v->store, v->hole.token, subject_id);

    *out = (struct appointment){0};
    if (rc == 0)
        rc = store_entity(v->store, *subject_id, &e);
    if (rc == 0 && (e.kind != ENTITY_APPOINTMENT || !e.present))
        rc = ERR_NOTFOUND;
    if (rc == 0)
        rc = store_appointment(v->store, e.row_id, out);
    entity_close(&e);
    return rc;
}

/* When it is behind all clocks; for one of days that is a day later than anywhere. */
static int64_t end_of(const struct ical_out_event *e)
{
    int64_t behind_day = e->behind_day > e->first_day ? e->behind_day : e->first_day + 1;

    if (e->all_day)
        return (behind_day + 1) * DAY_MS;
    return e->end_ms > e->start_ms ? e->end_ms : e->start_ms;
}

static void write_calendar(struct visit *v, const struct ical_out_event *e)
{
    struct ical_calendar calendar = {.method = ICAL_PUBLISH, .now_ms = v->now_ms};
    struct ical_writer w;

    ical_write_begin(&w, &v->response->body, &calendar);
    ical_write_event(&w, e);
    ical_write_end(&w);
    v->response->type = "text/calendar; charset=utf-8; method=PUBLISH";
    v->response->filename = mem_strdup("visit.ics");
}

static int serve(struct visit *v)
{
    struct appointment a;
    struct ical_out_event e = {.organizer = {v->site->business, v->site->email}};
    struct invitation invitation = {0};
    int64_t subject_id;
    int rc = load(v, &subject_id, &a);

    if (rc == 0 && (!told_event(v->site->zone, a.starts, a.ends, a.timezone, &e) ||
                    end_of(&e) + LINK_DAYS * DAY_MS < v->now_ms))
        rc = ERR_NOTFOUND;
    if (rc == 0)
        rc = invite_look(v->store, v->site->zone, subject_id, &a, &invitation);
    if (rc == 0) {
        e.uid = invitation.uid;
        e.sequence = invitation.sequence;
        e.status = invitation.cancel ? ICAL_CANCELLED : ICAL_CONFIRMED;
        e.summary = a.title != NULL ? a.title : v->site->business;
        e.location = a.location;
        write_calendar(v, &e);
    }
    invitation_close(&invitation);
    appointment_close(&a);
    return rc;
}

int visit_page(struct visit *v)
{
    int rc = store_begin_reading(v->store);

    if (rc == 0)
        rc = serve(v);
    store_rollback(v->store);
    return rc == ERR_NOTFOUND ? feeds_nothing_there(v) : rc;
}
