/* What a person does on the page. See web/deed.h. */
#include "web/deed.h"

#include <string.h>

#include "base/buf.h"
#include "store/settled.h"
#include "store/users.h"
#include "web/html.h"

#define BACK_MAX 500  /* bytes of a path */
#define SETTLE_MS 400 /* other pages wait meanwhile; the service mostly needs some milliseconds */

/* What can be said, by the word in the address: nobody can make a page of ours say anything else.
 */
static const struct {
    const char *said;
    bool good;
    enum word w;
} sentences[] = {
    {"saved", true, W_SAID_SAVED},
    {"added", true, W_SAID_ADDED},
    {"noted", true, W_SAID_NOTED},
    {"consent", true, W_SAID_CONSENT},
    {"answer", true, W_SAID_ANSWER},
    {"done", true, W_SAID_DONE},
    {"undone", true, W_SAID_UNDONE},
    {"again", true, W_SAID_AGAIN},
    {"cancelled", true, W_SAID_CANCELLED},
    {"gone", true, W_SAID_GONE},
    {"too-late", false, W_SAID_TOO_LATE},
    {"yes", true, W_SAID_YES},
    {"written", true, W_SAID_WRITTEN},
    {"revoked", true, W_SAID_REVOKED},
    {"addresses", true, W_SAID_ADDRESSES},
    {"password", true, W_SAID_PASSWORD},
    {"signed-out", true, W_SAID_SIGNED_OUT},
    {"staff-added", true, W_SAID_STAFF_ADDED},
    {"handed-over", true, W_SAID_HANDED_OVER},
};

int deed_begin(struct visit *v)
{
    return store_begin(v->store);
}

void deed_drop(struct visit *v)
{
    store_rollback(v->store);
}

const char *deed_back(const struct visit *v)
{
    const char *back = fields_get(&v->request->form, "back");
    struct request r = {0};
    bool fine = back != NULL && strlen(back) <= BACK_MAX && request_parse_target(&r, back) == 0;

    request_close(&r);
    return fine ? back : "/";
}

int deed_go(struct visit *v, const char *to, const char *said)
{
    const char *anchor = strchr(to, '#');
    size_t len = anchor != NULL ? (size_t)(anchor - to) : strlen(to);
    struct buf address;

    buf_init(&address);
    buf_append(&address, to, len);
    if (said != NULL)
        buf_printf(&address, "%csaid=%s", memchr(to, '?', len) != NULL ? '&' : '?', said);
    buf_puts(&address, anchor != NULL ? anchor : "");
    response_go(v->response, address.data);
    buf_close(&address);
    return 0;
}

int deed_commit(struct visit *v)
{
    struct unsettled changes;
    int rc = store_unsettled(v->store, &changes);

    if (rc == 0)
        rc = store_commit(v->store);
    /* Where planning takes longer, or fails, the page tells so by itself. */
    if (rc == 0)
        (void)store_wait_settled(v->store, &changes, SETTLE_MS);
    return rc;
}

int deed_end(struct visit *v, int rc, const char *action, const char *about, const char *detail,
             const char *to, const char *said)
{
    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, v->login.user.name, action, about, detail);
    if (rc == 0)
        rc = deed_commit(v);
    if (rc == 0)
        return to != NULL ? deed_go(v, to, said) : 0;
    store_rollback(v->store);
    return rc;
}

void deed_said(struct visit *v)
{
    struct buf *b = &v->response->body;
    const char *said = fields_get(&v->request->query, "said");

    for (size_t i = 0; said != NULL && i < sizeof(sentences) / sizeof(sentences[0]); i++)
        if (strcmp(sentences[i].said, said) == 0) {
            buf_printf(b, "<div class=\"notice %s\"><p role=\"status\">",
                       sentences[i].good ? "good" : "look");
            html_word(b, sentences[i].w);
            buf_puts(b, "</p></div>");
        }
}
