/*
 * What is wrong with a text before it is saved: the whole configuration is read with it in its
 * place, as a reload would, so that nothing is saved that `betimes check` would refuse.
 */
#ifndef WEB_TEXT_CHECK_H
#define WEB_TEXT_CHECK_H

#include <stdbool.h>

#include "web/texts.h"
#include "web/visit.h"

/* A mark of Markdown ("**now**", "# Title", "[here](https://...)") in a text that is not the body
 * of an e-mail goes to the client as it stands. */
#define TEXT_MARK_MAX 64
struct text_mark {
    char text[TEXT_MARK_MAX]; /* the mark with what is in it, cut short */
    int line;                 /* from 1 */
};

/* The first of a text; what is within {{...}} is none. false: there is none. */
bool text_markdown(const char *text, struct text_mark *out);

/* What keeps the draft from being saved goes into `out` as errors: what is wrong in it, and what it
 * would make wrong elsewhere (two rules may share a partial). What is only to be noted in it are
 * warnings. What is wrong elsewhere in any case is left out: a text may be mended while another one
 * is broken. `t` is of texts_read. */
void text_check(const struct visit *v, const struct texts *t, const struct template_draft *draft,
                struct problems *out);

#endif
