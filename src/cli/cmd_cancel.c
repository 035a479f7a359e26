/*
 * betimes cancel, betimes retry: a person's decision about messages. Both write to the database and
 * leave the rest to the service, which sees every commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"

static const struct option_spec cancel_options[] = {
    {"rule", 0, "RULE", "every waiting message of this rule"},
    {"client", 0, "REF", "every waiting message that concerns this client"},
    {"reason", 0, "TEXT", "why, for those who wonder later"},
};

/* What became of the ids that were given. */
struct deciding {
    struct session session;
    int64_t now_ms;
    const char *reason;
    size_t done, refused;
    struct buf told; /* of those that go later: said once it is committed */
};

/* ---- one message */

/* Why a message in this state cannot be cancelled; NULL: it can. */
static const char *no_cancel(enum message_state s)
{
    switch (s) {
    case MESSAGE_SENDING:
        return "is on the wire at this moment and cannot be called back";
    case MESSAGE_SENT:
    case MESSAGE_DELIVERED:
    case MESSAGE_BOUNCED:
        return "went out already and cannot be called back";
    case MESSAGE_FAILED:
    case MESSAGE_SKIPPED:
    case MESSAGE_EXPIRED:
        return "will not be sent anyway";
    case MESSAGE_CANCELLED:
        return "is cancelled already";
    default:
        return NULL;
    }
}

/* Why it cannot be taken up again. */
static const char *no_retry(enum message_state s)
{
    switch (s) {
    case MESSAGE_PLANNED:
        return "waits for its time and goes by itself then";
    case MESSAGE_SENDING:
        return "is on the wire at this moment";
    case MESSAGE_SENT:
    case MESSAGE_DELIVERED:
        return "went out already; nobody gets the same message twice";
    case MESSAGE_BOUNCED:
        return "was accepted and came back: its address is wrong. Correct the record first; the "
               "next message goes there";
    default:
        return NULL;
    }
}

static int refuse(struct deciding *d, const struct message *m, const char *why)
{
    char when[SHOW_TIME_MAX];

    show_time(m->state_ms, d->session.zone, d->now_ms, when);
    command_error(ERR_INVALID, "message %lld %s (%s since %s)", (long long)m->id, why,
                  message_state_name(m->state), when);
    d->refused++;
    return 0;
}

static int cancel_one(struct deciding *d, const struct message *m)
{
    const char *why = no_cancel(m->state);

    if (why != NULL)
        return refuse(d, m, why);
    d->done++;
    return store_message_cancel(d->session.store, m->id, d->now_ms,
                                d->reason != NULL ? d->reason : "cancelled by hand");
}

static int retry_one(struct deciding *d, const struct message *m)
{
    const char *why = no_retry(m->state);
    char when[SHOW_TIME_MAX];
    bool planned;

    if (why != NULL)
        return refuse(d, m, why);
    int rc = store_message_retry(d->session.store, m, d->now_ms, &planned);
    if (rc == 0 && planned) {
        show_time(m->due_ms, d->session.zone, d->now_ms, when);
        buf_printf(&d->told, "message %lld is planned again for %s\n", (long long)m->id, when);
    }
    d->done += rc == 0 && !planned;
    return rc;
}

typedef int (*decision)(struct deciding *d, const struct message *m);

/* ---- all that were named */

static int decide(struct deciding *d, decision one, int64_t id)
{
    struct message m;
    int rc = store_message(d->session.store, id, &m);

    if (rc == ERR_NOTFOUND) {
        command_error(rc, "there is no message %lld", (long long)id);
        d->refused++;
        rc = 0;
    } else if (rc == 0) {
        rc = one(d, &m);
    }
    message_close(&m);
    return rc;
}

/* Every decision in one transaction: a disk that is full half-way leaves nothing half done. */
static int decide_all(struct deciding *d, decision one, const int64_t *ids, size_t count,
                      const char *what)
{
    int rc = store_begin(d->session.store);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = decide(d, one, ids[i]);
    if (rc == 0)
        rc = store_commit(d->session.store);
    if (rc == 0)
        return d->refused > 0 ? EXIT_ASKED : EXIT_DONE;
    int status = session_failed(&d->session, rc, what);
    store_rollback(d->session.store);
    d->done = 0;
    buf_clear(&d->told);
    return status;
}

static int parse_ids(const struct call *call, int64_t **ids, size_t *count)
{
    const struct options *o = &call->options;

    *ids = mem_array(o->word_count + 1, sizeof(**ids));
    for (*count = 0; *count < o->word_count; (*count)++)
        if (!str_to_int(o->words[*count], 1, INT64_MAX, &(*ids)[*count]))
            return command_misused(call, "`%s` is no message id; `betimes outbox` lists them",
                                   o->words[*count]);
    return EXIT_DONE;
}

static int run_ids(const struct call *call, decision one, const char *verb, const char *past)
{
    struct deciding d = {.now_ms = clock_wall_ms()};
    int64_t *ids;
    size_t count;
    char text[SHOW_TIME_MAX];
    int status = parse_ids(call, &ids, &count);

    buf_init(&d.told);
    if (status == EXIT_DONE && one == cancel_one)
        d.reason = option_value(&call->options, "reason");
    if (status == EXIT_DONE)
        status = session_open(call, STORE_WRITE, &d.session);
    if (status == EXIT_DONE)
        status = decide_all(&d, one, ids, count, verb);
    if (d.told.len > 0)
        fputs(d.told.data, stdout);
    buf_close(&d.told);
    if (d.done > 0) {
        str_counted((int64_t)d.done, "message", text);
        printf("%s %s.\n", text, past);
    }
    session_close(&d.session);
    free(ids);
    return status;
}

static int run_retry(const struct call *call)
{
    return run_ids(call, retry_one, "take them up again", "taken up again");
}

/* ---- cancelling by rule or client */

/* The ids are read inside the transaction: what is claimed meanwhile would no longer wait. */
static int cancel_filtered(struct deciding *d, const struct outbox_filter *f)
{
    struct outbox_row *rows = NULL;
    size_t count = 0;
    int rc = store_begin(d->session.store);

    if (rc == 0)
        rc = store_outbox(d->session.store, f, &rows, &count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = decide(d, cancel_one, rows[i].id);
    if (rc == 0)
        rc = store_commit(d->session.store);
    outbox_rows_free(rows, count);
    if (rc == 0)
        return EXIT_DONE;
    int status = session_failed(&d->session, rc, "cancel them");
    store_rollback(d->session.store);
    return status;
}

static int run_cancel(const struct call *call)
{
    const char *client = option_value(&call->options, "client");
    struct outbox_filter f = {.states = STATES_PENDING,
                              .rule = option_value(&call->options, "rule")};
    struct deciding d = {.now_ms = clock_wall_ms(),
                         .reason = option_value(&call->options, "reason")};
    char text[SHOW_TIME_MAX];

    if (call->options.word_count > 0) {
        if (f.rule != NULL || client != NULL)
            return command_misused(call, "give ids, or --rule and --client, but not both");
        return run_ids(call, cancel_one, "cancel them", "cancelled");
    }
    if (f.rule == NULL && client == NULL)
        return command_misused(call, "say which: ids, --rule RULE or --client REF");
    int status = session_open(call, STORE_WRITE, &d.session);
    if (status == EXIT_DONE && client != NULL)
        status = session_row(&d.session, ENTITY_CLIENT, client, &f.client_row);
    if (status == EXIT_DONE)
        status = cancel_filtered(&d, &f);
    str_counted((int64_t)d.done, "message", text);
    if (status == EXIT_DONE && d.done > 0)
        printf("%s cancelled.\n", text);
    else if (status == EXIT_DONE)
        status = command_error(ERR_NOTFOUND, "no message of these waits, so there is nothing to "
                                             "cancel");
    session_close(&d.session);
    return status;
}

const struct command command_cancel = {
    .name = "cancel",
    .words = "[ID...]",
    .words_max = WORDS_MAX,
    .help = "Decide that a waiting message is never sent",
    .more = "By their ids, or all that wait of a rule, for a client, or both. No later change of\n"
            "the record brings them back; `betimes retry ID` does. What has left cannot be called\n"
            "back.\n",
    .options = cancel_options,
    .option_count = COUNT_OF(cancel_options),
    .run = run_cancel,
};

const struct command command_retry = {
    .name = "retry",
    .words = "ID...",
    .words_min = 1,
    .words_max = WORDS_MAX,
    .help = "Send a message that failed or was held, now, once more",
    .more = "Also one that was cancelled, skipped or has expired, or whose fate is unknown: then\n"
            "the client may get it twice, and you decide that she may. It goes however late it\n"
            "is and whatever the cap says; hours, consent and the record are checked again. One\n"
            "that was cancelled before its time is planned again for that time.\n",
    .run = run_retry,
};
