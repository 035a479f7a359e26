/* What a change would send. See web/foresight.h. */
#include "web/foresight.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/parts.h"

#define PATIENCE_MS 10000
#define ANSWER_BYTES_MAX ((size_t)4 << 20)
#define SHOWN_MAX 60
#define AT_ONCE_MS (60 * INT64_C(1000))

/* --- asking --- */

int foresight_think(struct visit *v, const struct foresee_question *asked, int64_t patience_ms,
                    struct buf *answer, struct err *err)
{
    static const char *const argv[] = {"betimes", FORESEE_CHILD_WORD, NULL};
    const struct process_limits limits = {.wall_ms = patience_ms, .output_bytes = ANSWER_BYTES_MAX};
    struct foresee_question q = *asked;
    struct buf question;
    enum process_end end;

    q.dir = v->site->dir;
    q.credentials = getenv("CREDENTIALS_DIRECTORY");
    buf_init(&question);
    foresee_put_question(&q, &question);
    int rc =
        process_run(PROCESS_SELF, argv, question.data, question.len, &limits, answer, &end, err);
    if (rc == 0 && end != PROCESS_DONE) {
        err_set(err, "%s", process_end_words(end));
        rc = ERR_IO;
    }
    if (rc != 0)
        log_warning("preview", "words=\"%s\"", err->text);
    buf_close(&question);
    return rc;
}

static int ask(struct visit *v, const struct foresee_question *q, struct foresight *out,
               struct err *err)
{
    struct buf answer;

    *out = (struct foresight){0};
    buf_init(&answer);
    int rc = foresight_think(v, q, PATIENCE_MS, &answer, err);
    if (rc == 0)
        rc = foresee_take_answer(answer.data, answer.len, out, err);
    buf_close(&answer);
    return rc;
}

int foresight_ask(struct visit *v, const struct row_change *change, int64_t client_id,
                  struct foresight *out, struct err *err)
{
    const struct foresee_question q = {
        .client_id = client_id, .now_ms = v->now_ms, .change = *change};

    return ask(v, &q, out, err);
}

int foresight_ask_consents(struct visit *v, const struct consent_line *list, size_t count,
                           int64_t client_id, struct foresight *out, struct err *err)
{
    const struct foresee_question q = {.client_id = client_id,
                                       .now_ms = v->now_ms,
                                       .consents = (struct consent_line *)(uintptr_t)list,
                                       .consent_count = count};

    return ask(v, &q, out, err);
}

/* --- telling --- */

static enum word kind_word(const struct foreseen *f)
{
    static const enum word words[] = {
        [FORESEEN_NEW] = W_WILL_GO,          [FORESEEN_MOVED] = W_WILL_MOVE,
        [FORESEEN_REWORDED] = W_WILL_SAY,    [FORESEEN_GONE] = W_WILL_NOT_GO_NOW,
        [FORESEEN_NOT_SENT] = W_WILL_NOT_GO,
    };

    if (f->kind == FORESEEN_REWORDED && f->was_channel != f->channel)
        return W_WILL_GO_OTHERWISE;
    return f->kind == FORESEEN_NOT_SENT ? fate_word(f->fate) : words[f->kind];
}

static const char *kind_class(const struct foreseen *f)
{
    return f->kind == FORESEEN_NEW                                     ? "good"
           : f->kind == FORESEEN_GONE                                  ? "bad"
           : f->kind == FORESEEN_MOVED || f->kind == FORESEEN_REWORDED ? "look"
                                                                       : "none";
}

static void when(struct visit *v, int64_t at_ms)
{
    if (at_ms <= v->now_ms + AT_ONCE_MS)
        html_word(&v->response->body, W_AT_ONCE);
    else
        frame_time(v, at_ms);
}

static void whom(struct buf *b, const struct foreseen *f)
{
    buf_puts(b, "<span class=\"whom\">");
    if (f->recipient == ENTITY_STAFF && f->name != NULL)
        html_words(b, W_STAFF, f->name, NULL);
    else if (f->name != NULL)
        html_name(b, f->name);
    else if (f->to == NULL)
        html_word(b, f->recipient == ENTITY_OFFICE ? W_OFFICE : W_NOBODY);
    if (f->to != NULL) {
        buf_puts(b, f->name != NULL ? " &lt;" : "");
        html_name(b, f->to);
        buf_puts(b, f->name != NULL ? "&gt;" : "");
    }
    buf_puts(b, "</span>");
}

static void words_of(struct buf *b, const struct foreseen *f, size_t at)
{
    buf_printf(b, "<details id=\"words-%zu\"><summary>", at);
    html_word(b, W_WORDS_SHOWN);
    buf_puts(b, "</summary><div class=\"words\" dir=\"auto\"");
    if (f->language != NULL) {
        buf_puts(b, " lang=\"");
        html_attr(b, f->language);
        buf_puts(b, "\"");
    }
    buf_puts(b, ">");
    if (f->subject != NULL) {
        buf_puts(b, "<p class=\"subject\">");
        html_words(b, W_SUBJECT, f->subject, NULL);
        buf_puts(b, "</p>");
    }
    html_text(b, f->text);
    buf_puts(b, "</div></details>");
}

static void item(struct visit *v, const struct foreseen *f, size_t at)
{
    struct buf *b = &v->response->body;

    buf_printf(b, "<li><div class=\"line\"><span class=\"state %s\">", kind_class(f));
    html_word(b, kind_word(f));
    buf_puts(b, "</span>");
    when(v, f->at_ms);
    whom(b, f);
    buf_puts(b, "</div><p class=\"quiet\">");
    html_word(b, channel_word(f->channel));
    buf_puts(b, " · ");
    html_text(b, f->rule);
    if (f->about != NULL) {
        buf_puts(b, " · ");
        html_name(b, f->about);
    }
    if ((f->kind == FORESEEN_MOVED || f->kind == FORESEEN_REWORDED) &&
        f->was_channel != f->channel) {
        buf_puts(b, " · ");
        html_words(b, W_INSTEAD_OF_CHANNEL, word(channel_word(f->was_channel)), NULL);
    }
    if (f->kind == FORESEEN_MOVED) {
        buf_puts(b, " · ");
        html_word(b, W_INSTEAD_OF);
        buf_putc(b, ' ');
        when(v, f->was_ms);
    }
    buf_puts(b, "</p>");
    if (!str_blank(f->reason)) {
        buf_puts(b, "<p class=\"reason\">");
        html_text(b, f->reason);
        buf_puts(b, "</p>");
    }
    if (f->text != NULL && f->kind != FORESEEN_GONE && f->kind != FORESEEN_NOT_SENT)
        words_of(b, f, at);
    buf_puts(b, "</li>");
}

void foresight_show(struct visit *v, const struct foresight *f, enum word title, enum word none)
{
    struct buf *b = &v->response->body;
    size_t shown = f->count < SHOWN_MAX ? f->count : SHOWN_MAX;
    char same[24];

    part_section(b, "foresight", title);
    part_paused(v);
    if (f->count == 0)
        part_quiet(b, none);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < shown; i++)
        item(v, &f->items[i], i);
    buf_puts(b, "</ul>");
    part_some_of(b, W_FORESIGHT_MORE, shown, (int64_t)f->count);
    if (f->same > 0) {
        snprintf(same, sizeof(same), "%zu", f->same);
        buf_puts(b, "<p class=\"quiet\">");
        if (f->same == 1)
            html_word(b, W_FORESIGHT_SAME_ONE);
        else
            html_words(b, W_FORESIGHT_SAME, same, NULL);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "</section>");
}
