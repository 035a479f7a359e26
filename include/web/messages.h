/*
 * Messages in a list: when, to whom, by what, what became of it and why, and the exact words.
 */
#ifndef WEB_MESSAGES_H
#define WEB_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "send/rehearsal.h"
#include "store/answers.h"
#include "store/queries.h"
#include "web/visit.h"
#include "web/words.h"

/* The words for an enum of the database. */
enum word state_word(enum message_state s);
enum word channel_word(enum channel c);
enum word purpose_word(enum purpose p);

/* Does it keep a message from going, as far as is known now? And the words for what becomes of it.
 */
bool fate_stops(enum fate f);
enum word fate_word(enum fate f);

/* A list of what went, or was decided against, with the time at which it came to its state;
 * `people` names whom it is for, with a link to the client's page; `buttons`: what can be done
 * about each, for those who may. `name` tells lists of a page apart: it begins the ids of elements.
 * For none, the sentence `none`. */
void messages_list(struct visit *v, const char *name, const struct outbox_row *rows, size_t count,
                   bool people, bool buttons, enum word none);

/* A list of what waits, each with the time at which it will really go, or why it will not, in that
 * order (web/awaited.h). What is for one client or record has buttons. */
void messages_coming(struct visit *v, const char *name, const struct outbox_row *rows, size_t count,
                     bool people, enum word none);

/* So many or more messages that were withdrawn one after the other are folded into one item of a
 * list; between begin and end come theirs. */
#define FOLDED_MIN 3
void messages_fold_begin(struct visit *v, const char *name, const struct outbox_row *first,
                         size_t count);
void messages_fold_end(struct visit *v);

/* One message, one answer of a list; with `buttons` for those who may. */
void messages_item(struct visit *v, const char *name, const struct outbox_row *r, bool people,
                   bool buttons);
void messages_answer(struct visit *v, const struct told *told);

/* A button for one message: `what` is "retry", "cancel" or "gone"; `named`: what it is read out
 * with. */
void message_button(struct visit *v, int64_t id, const char *what, enum word label,
                    const char *named);

/* A client's history, the latest first: the messages and, in between, what was answered; both lists
 * in the order of their times, each in its own: messages the latest first, answers the oldest. For
 * none, the sentence `none`. */
void messages_history(struct visit *v, const char *name, const struct outbox_row *rows,
                      size_t count, const struct told *told, size_t told_count, enum word none);

#endif
