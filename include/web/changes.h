/*
 * Who changed what: lines of the audit, as the pages about what was changed show them, in
 * sentences.
 */
#ifndef WEB_CHANGES_H
#define WEB_CHANGES_H

#include "store/desk.h"
#include "web/visit.h"

/* One, as an item of a list; nothing for what the list shows in another way, such as a note. */
void changes_item(struct visit *v, const struct audit_line *c);

/* A field that was `before` and is `after` (NULL: nothing; not both), in words: "Stage: Ready
 * instead of New". `usual` (may be NULL): what holds where nothing stands. */
struct change_field {
    const char *label, *usual, *before, *after;
};
void change_field(struct buf *b, const struct change_field *f);

/* The latest changes of what `about` names ("job 7", "rule ready"), in a section of their own;
 * nothing if there are none. Errors: those of the store. */
int changes_section(struct visit *v, const char *about);

/* The latest of what concerns the whole house (store_audited_house), likewise. */
int changes_house(struct visit *v);

#endif
