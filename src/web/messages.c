/* Messages in a list. See web/messages.h. */
#include "web/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "web/awaited.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/rules.h"

#define ACTION_MAX 64
#define NAMED_MAX 60 /* bytes of what a button is read out with */
#define OTHER_TIME_MS INT64_C(60000)

enum word state_word(enum message_state s)
{
    static const enum word words[MESSAGE_STATES] = {
        [MESSAGE_PLANNED] = W_PLANNED,     [MESSAGE_HELD] = W_HELD,
        [MESSAGE_RETRY] = W_RETRY,         [MESSAGE_SENDING] = W_SENDING,
        [MESSAGE_UNKNOWN] = W_UNKNOWN,     [MESSAGE_SENT] = W_SENT,
        [MESSAGE_DELIVERED] = W_DELIVERED, [MESSAGE_BOUNCED] = W_BOUNCED,
        [MESSAGE_FAILED] = W_FAILED,       [MESSAGE_CANCELLED] = W_CANCELLED,
        [MESSAGE_SKIPPED] = W_SKIPPED,     [MESSAGE_EXPIRED] = W_EXPIRED,
    };

    return words[s];
}

enum word channel_word(enum channel c)
{
    return c == CHANNEL_EMAIL ? W_EMAIL : c == CHANNEL_SMS ? W_SMS : W_TASK;
}

bool fate_stops(enum fate f)
{
    return f != FATE_GOES && f != FATE_JOINED;
}

enum word fate_word(enum fate f)
{
    static const enum word words[] = {
        [FATE_GOES] = W_WILL_GO,      [FATE_JOINED] = W_WILL_GO,   [FATE_SKIPPED] = W_WILL_NOT_GO,
        [FATE_HELD] = W_WILL_BE_HELD, [FATE_PAUSED] = W_WILL_WAIT,
    };

    return words[f];
}

enum word purpose_word(enum purpose p)
{
    static const enum word words[PURPOSE_COUNT] = {
        [PURPOSE_SERVICE] = W_SERVICE,
        [PURPOSE_MARKETING] = W_MARKETING,
        [PURPOSE_SURVEY] = W_SURVEY,
        [PURPOSE_INTERNAL] = W_INTERNAL,
    };

    return words[p];
}

/* Good, of no account, to be looked at, bad: colours say it again, words say it first. */
static const char *state_class(enum message_state s)
{
    switch (s) {
    case MESSAGE_SENT:
    case MESSAGE_DELIVERED:
        return "good";
    case MESSAGE_FAILED:
    case MESSAGE_BOUNCED:
        return "bad";
    case MESSAGE_HELD:
    case MESSAGE_UNKNOWN:
    case MESSAGE_RETRY:
        return "look";
    default:
        return "none";
    }
}

static bool is_for_staff(const struct outbox_row *r)
{
    return r->recipient_kind == ENTITY_STAFF || r->recipient_kind == ENTITY_OFFICE;
}

static void staff_of(struct buf *b, const struct outbox_row *r)
{
    if (r->recipient_kind == ENTITY_STAFF && r->recipient_name != NULL)
        html_words(b, W_STAFF, r->recipient_name, NULL);
    else
        html_word(b, W_OFFICE);
}

static void person(struct visit *v, const struct outbox_row *r)
{
    struct buf *b = &v->response->body;
    const char *client = r->client_name != NULL ? r->client_name : r->recipient_name;

    if (r->client_id != 0 && client != NULL) {
        buf_printf(b, "<a href=\"/clients/%lld\">", (long long)r->client_id);
        html_name(b, client);
        buf_puts(b, "</a>");
    }
    if (r->recipient_kind == ENTITY_STAFF || r->recipient_kind == ENTITY_OFFICE) {
        buf_puts(b, r->client_id != 0 && client != NULL ? " → " : "");
        staff_of(b, r);
    } else if (client == NULL && r->to != NULL) {
        html_name(b, r->to);
    } else if (client == NULL) {
        html_word(b, W_NOBODY);
    }
}

static void words_of(struct visit *v, const char *name, const struct outbox_row *r)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<details id=\"%s-%lld\"><summary>", name, (long long)r->id);
    html_word(b, W_WORDS_SHOWN);
    buf_puts(b, "</summary><div class=\"words\" dir=\"auto\"");
    if (r->language != NULL) {
        buf_puts(b, " lang=\"");
        html_attr(b, r->language);
        buf_puts(b, "\"");
    }
    buf_puts(b, ">");
    if (r->subject != NULL) {
        buf_puts(b, "<p class=\"subject\">");
        html_words(b, W_SUBJECT, r->subject, NULL);
        buf_puts(b, "</p>");
    }
    html_text(b, r->text);
    buf_puts(b, "</div></details>");
}

void message_button(struct visit *v, int64_t id, const char *what, enum word label,
                    const char *named)
{
    char action[ACTION_MAX], text[NAMED_MAX + 1];

    snprintf(action, sizeof(action), "/messages/%lld/%s", (long long)id, what);
    snprintf(text, sizeof(text), "%s", named);
    text[str_utf8_valid(text, strlen(text))] = '\0';
    form_button(v, action, label, text, false);
}

/* What can be done about a message in its state. One that came back has a wrong address: that is
 * for the client's record. */
static void deeds(struct visit *v, const struct outbox_row *r)
{
    struct buf *b = &v->response->body;
    const char *who = r->client_name != NULL ? r->client_name : r->rule;
    bool lost = r->state == MESSAGE_FAILED || r->state == MESSAGE_UNKNOWN;
    bool waits = message_is_pending(r->state);

    if (!visit_may(v, ROLE_STAFF) || (!lost && !waits))
        return;
    buf_puts(b, "<div class=\"deeds\">");
    if (r->state == MESSAGE_HELD)
        message_button(v, r->id, "retry", W_MESSAGE_RELEASE, who);
    else if (lost || r->state == MESSAGE_RETRY)
        message_button(v, r->id, "retry", W_MESSAGE_AGAIN, who);
    if (r->state == MESSAGE_UNKNOWN)
        message_button(v, r->id, "gone", W_MESSAGE_GONE, who);
    message_button(v, r->id, "cancel", lost ? W_MESSAGE_LEAVE : W_MESSAGE_CANCEL, who);
    buf_puts(b, "</div>");
}

/* One that waits, as it will go; a state of its own tells more than a plan. */
static void state_of(struct buf *b, const struct awaited_row *s)
{
    enum message_state state = s->row->state;
    enum word w = state_word(state);
    const char *class = state_class(state);

    if (s->told != NULL && state == MESSAGE_PLANNED && fate_stops(s->told->fate)) {
        w = fate_word(s->told->fate);
        class = "look";
    }
    buf_printf(b, "<span class=\"state %s\">", class);
    html_word(b, w);
    buf_puts(b, "</span>");
}

static void line_of(struct visit *v, const struct awaited_row *s, bool people)
{
    struct buf *b = &v->response->body;
    char *rule = rules_title_text(s->row->rule);

    buf_puts(b, "<div class=\"line\">");
    frame_time(v, s->at_ms);
    state_of(b, s);
    buf_puts(b, "<span class=\"whom\">");
    if (people)
        person(v, s->row);
    else if (is_for_staff(s->row))
        html_words(b, W_FOR_STAFF, rule, NULL);
    else
        html_text(b, rule);
    buf_puts(b, "</span></div>");
    free(rule);
}

static void details_of(struct visit *v, const struct awaited_row *s, bool people)
{
    struct buf *b = &v->response->body;
    const struct outbox_row *r = s->row;
    char tries[16];

    buf_puts(b, "<p class=\"quiet\">");
    html_word(b, channel_word(s->told != NULL ? s->told->channel : r->channel));
    if (people) {
        buf_puts(b, " · ");
        rules_title(b, r->rule);
    } else if (is_for_staff(r)) {
        buf_puts(b, " → ");
        staff_of(b, r);
    }
    if (!str_blank(r->subject_title)) {
        buf_puts(b, " · ");
        html_name(b, r->subject_title);
    }
    if (r->gateway != NULL && r->attempts > 0 && r->channel != CHANNEL_TASK) {
        buf_puts(b, " · ");
        html_words(b, W_BY_GATEWAY, r->gateway, NULL);
    }
    if (r->attempts > 1) {
        snprintf(tries, sizeof(tries), "%d", r->attempts);
        buf_puts(b, " · ");
        html_words(b, W_TRIES, tries, NULL);
    }
    buf_puts(b, "</p>");
}

/* Why it is as it is; of one that goes at another time than its own, that time too. */
static void reason_of(struct visit *v, const struct awaited_row *s)
{
    struct buf *b = &v->response->body;
    const char *reason = s->told != NULL ? s->told->reason : s->row->reason;
    bool other = s->told != NULL && !fate_stops(s->told->fate) &&
                 llabs(s->at_ms - s->row->due_ms) >= OTHER_TIME_MS && s->row->due_ms > v->now_ms;

    if (str_blank(reason) && !other)
        return;
    buf_puts(b, "<p class=\"reason\">");
    if (other) {
        html_word(b, W_INSTEAD_OF);
        buf_putc(b, ' ');
        frame_time(v, s->row->due_ms);
        buf_puts(b, str_blank(reason) ? "" : ": ");
    }
    html_text(b, reason);
    buf_puts(b, "</p>");
}

static void item(struct visit *v, const char *name, const struct awaited_row *s, bool people,
                 bool buttons)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<li>");
    line_of(v, s, people);
    details_of(v, s, people);
    reason_of(v, s);
    if (s->row->text != NULL)
        words_of(v, name, s->row);
    if (buttons)
        deeds(v, s->row);
    buf_puts(b, "</li>");
}

void messages_item(struct visit *v, const char *name, const struct outbox_row *r, bool people,
                   bool buttons)
{
    const struct awaited_row s = {.row = r, .at_ms = r->state_ms};

    item(v, name, &s, people, buttons);
}

static void nothing(struct visit *v, enum word none)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<p class=\"quiet\">");
    html_word(b, none);
    buf_puts(b, "</p>");
}

void messages_list(struct visit *v, const char *name, const struct outbox_row *rows, size_t count,
                   bool people, bool buttons, enum word none)
{
    struct buf *b = &v->response->body;

    if (count == 0) {
        nothing(v, none);
        return;
    }
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        messages_item(v, name, &rows[i], people, buttons);
    buf_puts(b, "</ul>");
}

static void coming_part(struct visit *v, const char *name, const struct awaited_row *list,
                        size_t count, bool people, bool staff)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++)
        if (people || is_for_staff(list[i].row) == staff)
            item(v, name, &list[i], people, !people);
    buf_puts(b, "</ul>");
}

/* For one client: theirs first, and then what the staff are to do and to hear. */
static void coming_list(struct visit *v, const char *name, const struct awaited_row *list,
                        size_t count, bool people)
{
    struct buf *b = &v->response->body;
    size_t theirs = 0;

    for (size_t i = 0; i < count; i++)
        theirs += people || !is_for_staff(list[i].row);
    if (theirs > 0)
        coming_part(v, name, list, count, people, false);
    else
        nothing(v, W_COMING_STAFF_ONLY);
    if (theirs == count)
        return;
    buf_puts(b, "<h3>");
    html_word(b, W_COMING_STAFF);
    buf_puts(b, "</h3>");
    coming_part(v, name, list, count, people, true);
}

void messages_coming(struct visit *v, const char *name, const struct outbox_row *rows, size_t count,
                     bool people, enum word none)
{

    if (count == 0) {
        nothing(v, none);
        return;
    }
    struct awaited_row *list = awaited_rows(v, rows, count);
    coming_list(v, name, list, count, people);
    free(list);
}

/* --- answers --- */

static void answer_way(struct buf *b, const char *channel)
{
    static const struct {
        const char *channel;
        enum word w;
    } ways[] = {
        {"email", W_EMAIL}, {"sms", W_SMS},          {"phone", W_BY_PHONE},
        {"web", W_ON_WEB},  {"person", W_IN_PERSON},
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (str_eq(channel, ways[i].channel))
            html_word(b, ways[i].w);
}

void messages_answer(struct visit *v, const struct told *t)
{
    struct buf *b = &v->response->body;
    const struct answer *a = &t->answer;

    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, t->at_ms);
    buf_puts(b, "<span class=\"state good\">");
    html_word(b, W_ANSWERED);
    buf_puts(b, "</span></div><p class=\"quiet\">");
    answer_way(b, a->channel);
    if (a->score != NULL) {
        buf_puts(b, a->channel != NULL ? " · " : "");
        html_words(b, W_SCORE, a->score, NULL);
    }
    buf_puts(b, "</p>");
    if (!str_blank(a->text)) {
        buf_puts(b, "<div class=\"words\" dir=\"auto\">");
        html_text(b, a->text);
        buf_puts(b, "</div>");
    }
    buf_puts(b, "</li>");
}

void messages_fold_begin(struct visit *v, const char *name, const struct outbox_row *first,
                         size_t count)
{
    struct buf *b = &v->response->body;
    char number[24];

    snprintf(number, sizeof(number), "%zu", count);
    buf_puts(b, "<li><div class=\"line\">");
    frame_time(v, first->state_ms);
    buf_printf(b, "</div><details id=\"%s-withdrawn-%lld\"><summary>", name, (long long)first->id);
    html_words(b, W_WITHDRAWN, number, NULL);
    buf_puts(b, "</summary><ul class=\"list\">");
}

void messages_fold_end(struct visit *v)
{
    buf_puts(&v->response->body, "</ul></details></li>");
}

/* How many were withdrawn one after the other, until the answer that came before them. */
static size_t withdrawn(const struct outbox_row *rows, size_t count, int64_t after_ms)
{
    size_t n = 0;

    while (n < count && rows[n].state == MESSAGE_CANCELLED && rows[n].state_ms > after_ms)
        n++;
    return n >= FOLDED_MIN ? n : 0;
}

void messages_history(struct visit *v, const char *name, const struct outbox_row *rows,
                      size_t count, const struct told *told, size_t told_count, enum word none)
{
    struct buf *b = &v->response->body;
    size_t next = 0;

    if (count + told_count == 0) {
        nothing(v, none);
        return;
    }
    buf_puts(b, "<ul class=\"list\">");
    while (next < count || told_count > 0)
        if (told_count == 0 || (next < count && rows[next].state_ms > told[told_count - 1].at_ms)) {
            size_t folded = withdrawn(&rows[next], count - next,
                                      told_count > 0 ? told[told_count - 1].at_ms : INT64_MIN);
            if (folded > 0)
                messages_fold_begin(v, name, &rows[next], folded);
            for (size_t last = next + (folded > 0 ? folded : 1); next < last; next++)
                messages_item(v, name, &rows[next], false, true);
            if (folded > 0)
                messages_fold_end(v);
        } else {
            messages_answer(v, &told[--told_count]);
        }
    buf_puts(b, "</ul>");
}
