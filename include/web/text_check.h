/*
 * What is wrong with a text before it is saved: the whole configuration is read with it in its
 * place, as a reload would, so that nothing is saved that `betimes check` would refuse.
 */
#ifndef WEB_TEXT_CHECK_H
#define WEB_TEXT_CHECK_H

#include "web/texts.h"
#include "web/visit.h"

/* What keeps the draft from being saved goes into `out` as errors: what is wrong in it, and what it
 * would make wrong elsewhere (two rules may share a partial). What is only to be noted in it are
 * warnings. What is wrong elsewhere in any case is left out: a text may be mended while another one
 * is broken. `t` is of texts_read. */
void text_check(const struct visit *v, const struct texts *t, const struct template_draft *draft,
                struct problems *out);

#endif
