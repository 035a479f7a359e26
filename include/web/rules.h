/*
 * The playbook's pages: what they share. The file is read anew for each of them: what a manager
 * edits is what is written there. What is shown is in force: the file, and while there are mistakes
 * the one that the service goes on with.
 */
#ifndef WEB_RULES_H
#define WEB_RULES_H

#include "base/buf.h"
#include "playbook/ini.h"
#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "store/web_rules.h"
#include "web/visit.h"

/* The playbook's file, and what the service knows of its rules. */
struct book {
    struct buf text;           /* of the file */
    struct problems problems;  /* of the file alone */
    bool broken;               /* the files have mistakes, so that what is in force is another */
    struct playbook *playbook; /* in force; NULL: none is known. Of a file that is right: itself */
    struct rule_shown *shown;
    size_t shown_count;
};

/* 0, or what the store says; book_close in any case. That the file cannot be read is among its
 * problems. */
int book_open(struct visit *v, struct book *b);
void book_close(struct book *b);

/* What the service knows of the rule; NULL: it has not read it yet. */
const struct rule_shown *book_shown(const struct book *b, const char *rule);

/* The text of [rule NAME] as the playbook in force has it; free() it; NULL: there is none. */
char *book_in_force(const struct visit *v, const struct book *b, const char *rule);

/* The same as the file has it. */
char *book_section(const struct book *b, const char *rule);

/* A fingerprint of the file, for those who edit it. */
uint64_t book_digest(const struct buf *text);

/* Its name as people would write it: "reminder-soon" is "Reminder soon". free() it. */
char *rules_title_text(const char *name);
void rules_title(struct buf *b, const char *name); /* the same as HTML */

/* The rule as a sentence; of one that is written with mistakes, that it is. */
void rules_sentence(struct buf *b, const struct rule *r);

/* The chip that says how the rule is (`r` NULL: not read yet), and the sentence that says why it
 * waits. */
void rules_state(struct visit *v, const struct rule_shown *r);
void rules_reason(struct visit *v, const struct rule_shown *r);

/* The switch, for managers: off, on or say yes. `back`: "list" or "rule", where it leads to; `ask`
 * adds a field for the reason, and what on and off mean. */
void rules_switch(struct visit *v, const char *name, const struct rule_shown *r, const char *back,
                  bool ask);

/* One thing that is wrong with the playbook `file`, read into `ini`: with the rule that it is
 * about, unless that is `own` (may be NULL); or elsewhere, with the place. */
void rules_problem(struct visit *v, const struct ini *ini, const char *own,
                   const struct problem *p);

/* What is wrong, each like that, with the playbook whose text is `file`; nothing for none. */
void rules_problems(struct visit *v, const char *file, const char *own, const struct problems *p);

/* What a redirect's `done` says was done, as a status message; nothing if it says nothing. */
void rules_done(struct visit *v);

#endif
