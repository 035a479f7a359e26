/*
 * Parts that the pages of templates share.
 */
#ifndef WEB_TEMPLATE_PARTS_H
#define WEB_TEMPLATE_PARTS_H

#include "web/texts.h"
#include "web/visit.h"
#include "web/words.h"

/* "e-mail", "text", "HTML". */
enum word form_word(enum template_form form);

/* The address of a text's editor with `more` behind it ("", "/versions"), fit for an attribute. */
void template_address(struct buf *b, const struct template_file *f, const char *more);

/* Which text the path of a page names: /templates/NAME/LANGUAGE/FORM, or /partials/... with _ for
 * every language. false: none. */
bool template_of_path(const struct visit *v, struct template_file *out);

/* "ready, e-mail in Latvian"; "layout, HTML in every language". */
void template_title(struct buf *b, const struct template_file *f);

/* Is it a shared part that there is not? Then say so: which, in which language, and the way to
 * write it. `language`: in which a part for every language is read; "": that is not known. */
bool template_missing_part(struct visit *v, const struct problem *p, const char *language);

/* What is wrong with everything that was read; nothing if nothing is. */
void template_problems(struct visit *v, const struct texts *t);

#endif
