/*
 * What a person decides about one message: that it goes once more, that it never goes, that it did
 * go. Written down here; the service does what follows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/report.h"
#include "store/messages.h"
#include "store/queries.h"
#include "store/reports.h"
#include "web/clients.h"
#include "web/deed.h"
#include "web/pages.h"

/* Carry it out, in the transaction. ERR_INVALID: it has moved on meanwhile. */
typedef int (*decision)(struct visit *v, const struct message *m);

static int client_of(struct visit *v, int64_t *client_id)
{
    const struct outbox_filter f = {.id = v->hole.id, .limit = 1};
    struct outbox_row *rows;
    size_t count;
    int rc = store_outbox(v->store, &f, &rows, &count);

    *client_id = count > 0 ? rows[0].client_id : 0;
    outbox_rows_free(rows, count);
    return rc;
}

static int decide(struct visit *v, decision carry_out, const char *action, const char *said)
{
    char about[CLIENT_ABOUT_MAX] = "", detail[32];
    struct message m = {0};
    int64_t client_id = 0;
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_message(v->store, v->hole.id, &m);
    if (rc == 0)
        rc = client_of(v, &client_id);
    if (rc == 0)
        rc = carry_out(v, &m);
    message_close(&m);
    if (rc == ERR_INVALID) {
        deed_drop(v);
        return deed_go(v, deed_back(v), "too-late");
    }
    if (client_id != 0)
        client_about(client_id, about);
    snprintf(detail, sizeof(detail), "message %lld", (long long)v->hole.id);
    return deed_end(v, rc, action, client_id != 0 ? about : NULL, detail, deed_back(v), said);
}

/* What went out goes to nobody twice, and what is on the wire has to come to an end first. */
static int retry(struct visit *v, const struct message *m)
{
    bool planned;

    if (m->state == MESSAGE_PLANNED)
        return ERR_INVALID;
    return store_message_retry(v->store, m, v->now_ms, &planned);
}

int page_message_retry(struct visit *v)
{
    return decide(v, retry, "message sent again", "again");
}

/* Of one that failed the list of what needs a person is told, and its reason stays. */
static int cancel(struct visit *v, const struct message *m)
{
    bool ended = m->state == MESSAGE_FAILED || m->state == MESSAGE_UNKNOWN;

    if (!ended && !message_is_pending(m->state))
        return ERR_INVALID;
    char *reason = ended && m->reason != NULL
                       ? mem_printf("left so by %s; %s", v->login.user.name, m->reason)
                       : mem_printf("cancelled by %s", v->login.user.name);
    int rc = store_message_cancel(v->store, m->id, v->now_ms, reason);
    free(reason);
    return rc;
}

int page_message_cancel(struct visit *v)
{
    return decide(v, cancel, "message cancelled", "cancelled");
}

/* Told as a provider tells it: what follows for its subject is the service's to find out. */
static int gone(struct visit *v, const struct message *m)
{
    struct report_row r = {.message_id = m->id,
                           .gateway = REPORT_BY_HAND,
                           .status = REPORT_SENT,
                           .provider_id = "",
                           .code = v->login.user.name,
                           .at_ms = v->now_ms};

    return m->state == MESSAGE_UNKNOWN ? store_report_add(v->store, &r) : ERR_INVALID;
}

int page_message_gone(struct visit *v)
{
    return decide(v, gone, "message known to have gone", "gone");
}
