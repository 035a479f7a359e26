/*
 * Entering a database. See service/entry.h.
 *
 * All of it is one transaction. In the ledger's eyes a start finds one of these:
 *
 *   nothing ahead              an orderly stop, or a crash with nothing under way
 *   ahead, all being sent      a crash between the ledger and the commit: those were sent
 *   ahead, and not being sent  the database is older than the ledger: it was restored
 *   a later epoch              likewise, even if nothing went out since
 *   no ledger, another one     somebody should know: a restored backup would not be recognised
 *
 * The database remembers which records were ahead until every one of them has met its message: a
 * record that is not there yet may come again from the program that writes it.
 */
#include "service/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/home.h"
#include "store/alerts.h"
#include "store/rules.h"
#include "store/tasks.h"
#include "time/moment.h"

#define AHEAD_KEPT_MS (90 * INT64_C(86400000)) /* by then nothing of it is useful any more */

struct entering {
    struct store *store;
    const struct settings *settings;
    struct entry *entry;
    struct store_origin origin;
    struct ledger_found found;
    int64_t now_ms;
    bool restored; /* the ledger says so */
    int rc;
};

/* --- the ledger --- */

/* Is it a message that the database knows to be under way? */
static int in_flight(struct entering *e, const struct ledger_record *r, bool *yes)
{
    struct message m;
    struct ledger_key key;
    int rc = store_message(e->store, r->message_id, &m);

    *yes = rc == 0 && m.state == MESSAGE_SENDING;
    if (*yes) {
        rc = ahead_key_of(e->store, &m, &key);
        *yes = rc == 0 && memcmp(key.bytes, r->key.bytes, sizeof(key.bytes)) == 0;
    }
    message_close(&m);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static bool take_record(void *arg, const struct ledger_record *r)
{
    struct entering *e = arg;
    bool flying = false;

    if (r->kind != LEDGER_SENT && r->kind != LEDGER_UNKNOWN)
        return true;
    if (r->number <= e->origin.ledger && r->number > e->origin.ahead_to)
        return true; /* the database has it */
    if (r->number > e->origin.ledger && !e->restored) {
        e->rc = in_flight(e, r, &flying);
        e->restored = e->rc == 0 && !flying;
    }
    if (r->at_ms > e->now_ms - AHEAD_KEPT_MS)
        ahead_add(e->entry->ahead, r);
    return e->rc == 0;
}

/* What it has beyond the database, now or since an earlier restore. */
static int look_ahead(struct entering *e, struct err *err)
{
    struct entry *out = e->entry;
    int64_t after = e->origin.ledger;

    if (e->origin.ahead_from >= 0 && e->origin.ahead_from < after)
        after = e->origin.ahead_from;
    e->restored = e->found.last_epoch > e->origin.epoch;
    out->ahead = ahead_create();
    int rc = ledger_read(out->ledger, after, take_record, e);
    if (rc != 0) {
        err_set(err, "%s: cannot be read", e->settings->ledger);
        return rc;
    }
    int64_t last = ledger_last(out->ledger);
    if (e->rc == 0 && last > e->origin.ledger)
        e->rc = store_ahead_range(e->store, after, last);
    if (ahead_left(out->ahead) > 0)
        return e->rc;
    ahead_free(out->ahead);
    out->ahead = NULL;
    return e->rc == 0 ? store_ahead_range(e->store, -1, -1) : e->rc;
}

/* A task, and an alert for whoever wants to hear; `once`: of this moment. */
static int tell_people(struct entering *e, const char *key, const char *text, bool once)
{
    struct task t = {.key = key, .text = text};
    int rc = store_task_raise(e->store, &t, e->now_ms);

    if (rc == 0 && e->settings->alert_to.count > 0)
        rc = store_alert_raise(e->store, key, text, once, e->now_ms);
    return rc;
}

/* A ledger had been in use, and is not there as it was. */
static int tell_of_ledger(struct entering *e)
{
    const char *what = e->found.foreign  ? "belonged to another database, and is kept as .old"
                       : e->found.behind ? "knew less than the database, and is kept as .old"
                                         : "is gone";

    if (!e->found.made || e->origin.ledger < 0)
        return 0;
    char *text = mem_printf("The send ledger %s %s; a new one begins. If an older backup of the "
                            "database is restored, what went out before today could go again.",
                            e->settings->ledger, what);
    log_error("the send ledger is not there as it was", "path=%s what=\"%s\"", e->settings->ledger,
              what);
    int rc = tell_people(e, "ledger", text, true);
    free(text);
    return rc;
}

/* --- copies --- */

/* Why it is not simply the database that a service last worked with; NULL: it is. */
static char *why_paused(struct entering *e, const char *here)
{
    char when[MOMENT_TEXT_MAX];

    if (e->origin.copied_ms != 0) {
        moment_format_utc(e->origin.copied_ms, when);
        return mem_printf("is a backup that was taken at %s", when);
    }
    if (e->restored)
        return mem_strdup("is older than the send ledger beside it: it was restored");
    return e->origin.home != NULL ? home_difference(e->origin.home, here) : NULL;
}

static int judge_origin(struct entering *e)
{
    char *here = home_of(e->settings->database), *why = why_paused(e, here);
    int rc = 0;

    if (why != NULL && e->settings->copies == COPIES_PAUSE) {
        char *reason = mem_printf("this database %s; look at `betimes forecast`, then go on with "
                                  "`betimes resume`",
                                  why);
        char *text = mem_printf("Sending is paused: %s.", reason);
        rc = store_pause_copy(e->store, e->now_ms, reason);
        if (rc == 0)
            rc = tell_people(e, COPIED_KEY, text, false);
        free(text);
        free(reason);
    }
    if (why != NULL)
        log_warning("a copied or restored database", "why=\"this database %s\" paused=%d", why,
                    e->settings->copies == COPIES_PAUSE);
    if (rc == 0)
        rc = store_origin_settle(e->store, here);
    free(why);
    free(here);
    return rc;
}

/* --- all of it --- */

static int read_origin(struct entering *e)
{
    int rc = store_origin(e->store, &e->origin);

    if (rc == 0 && e->origin.identity == NULL) {
        rc = store_origin_make(e->store);
        store_origin_close(&e->origin);
        if (rc == 0)
            rc = store_origin(e->store, &e->origin);
    }
    return rc;
}

static int enter(struct entering *e, struct err *err)
{
    int64_t seen;
    int rc = read_origin(e);

    if (rc != 0)
        return rc;
    seen = e->origin.ledger > 0 ? e->origin.ledger : 0;
    rc = ledger_open(e->settings->ledger, e->origin.identity, seen, e->now_ms, &e->entry->ledger,
                     &e->found, err);
    if (rc == 0)
        rc = look_ahead(e, err);
    if (rc == 0)
        rc = tell_of_ledger(e);
    if (rc == 0)
        rc = judge_origin(e);
    e->entry->tenure.ledger = rc == 0 ? ledger_last(e->entry->ledger) : 0;
    return rc == 0 ? store_tenure_begin(e->store, e->found.last_epoch, &e->entry->tenure) : rc;
}

int entry_make(struct store *s, const struct settings *settings, struct entry *out, struct err *err)
{
    struct entering e = {.store = s, .settings = settings, .entry = out, .now_ms = clock_wall_ms()};

    *out = (struct entry){0};
    err->text[0] = '\0';
    int rc = store_begin(s);
    if (rc == 0) {
        rc = enter(&e, err);
        rc = rc == 0 ? store_commit(s) : rc;
    }
    if (rc != 0) {
        if (err->text[0] == '\0')
            err_set(err, "%s: %s", store_path(s), store_error(s));
        store_rollback(s);
    } else {
        struct ledger_record r = {
            .kind = LEDGER_START, .at_ms = e.now_ms, .epoch = out->tenure.epoch};
        ledger_note(out->ledger, &r);
        ledger_flush(out->ledger, e.now_ms); /* what it cannot take now, it takes later */
    }
    store_origin_close(&e.origin);
    return rc;
}

void entry_close(struct entry *e)
{
    ledger_close(e->ledger);
    ahead_free(e->ahead);
    *e = (struct entry){0};
}
