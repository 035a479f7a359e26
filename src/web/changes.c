/* Who changed what. See web/changes.h. */
#include "web/changes.h"

#include <string.h>

#include "base/str.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/parts.h"

#define CHANGES_MAX 20
#define USER "user " /* before a user's name, in what a line is about */

static enum word change_word(const char *action)
{
    static const struct {
        const char *action;
        enum word w;
    } words[] = {
        {"client added", W_CHANGE_ADDED},
        {"client changed", W_CHANGE_CHANGED},
        {"consent recorded", W_CHANGE_CONSENT},
        {"message sent again", W_CHANGE_AGAIN},
        {"message cancelled", W_CHANGE_CANCELLED},
        {"message known to have gone", W_CHANGE_GONE},
        {"task opened again", W_CHANGE_TASK_AGAIN},
        {"message written", W_CHANGE_WRITTEN},
        {"pause rule", W_DID_PAUSE},
        {"resume rule", W_DID_RESUME},
        {"said yes", W_DID_YES},
        {"add rule", W_DID_ADD},
        {"change rule", W_DID_CHANGE},
        {"delete rule", W_DID_DELETE},
        {"add job", W_DID_ADD},
        {"change job", W_DID_CHANGE},
        {"add appointment", W_DID_ADD},
        {"change appointment", W_DID_CHANGE},
        {"new text", W_DID_ADD},
        {"change text", W_DID_CHANGE},
        {"restore text", W_DID_RESTORE},
        {"send test", W_DID_TEST},
        {"pause", W_DID_PAUSE_ALL},
        {"resume", W_DID_RESUME_ALL},
        {"add user", W_DID_ADD_USER},
        {"remove user", W_DID_REMOVE_USER},
        {"change role", W_DID_CHANGE_ROLE},
        {"change password", W_DID_CHANGE_PASSWORD},
        {"change own addresses", W_DID_CHANGE_ADDRESSES},
        {"publish calendar", W_DID_PUBLISH},
        {"revoke calendar", W_DID_REVOKE},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eq(action, words[i].action))
            return words[i].w;
    return WORD_COUNT;
}

void changes_item(struct visit *v, const struct audit_line *c)
{
    struct buf *b = &v->response->body;
    enum word w = change_word(c->action);

    if (w == WORD_COUNT)
        return;
    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, c->at_ms);
    buf_puts(b, "<span class=\"quiet\">");
    html_words(b, w, c->user,
               str_starts(c->about != NULL ? c->about : "", USER) ? c->about + strlen(USER)
                                                                  : c->about,
               NULL);
    if (!str_blank(c->detail)) {
        buf_puts(b, " (");
        html_text(b, c->detail);
        buf_puts(b, ")");
    }
    buf_puts(b, "</span></div></li>");
}

static int section(struct visit *v, int rc, struct audit_line *list, size_t count)
{
    struct buf *b = &v->response->body;

    if (count > 0) {
        part_section(b, "who", W_WHO_CHANGED);
        buf_puts(b, "<ul class=\"list\">");
        for (size_t i = 0; i < count; i++)
            changes_item(v, &list[i]);
        buf_puts(b, "</ul></section>");
    }
    audit_lines_free(list, count);
    return rc;
}

int changes_section(struct visit *v, const char *about)
{
    struct audit_line *list;
    size_t count;
    int rc = store_audited(v->store, about, 0, CHANGES_MAX, &list, &count);

    return section(v, rc, list, count);
}

int changes_house(struct visit *v)
{
    struct audit_line *list;
    size_t count;
    int rc = store_audited_house(v->store, CHANGES_MAX, &list, &count);

    return section(v, rc, list, count);
}
