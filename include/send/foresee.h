/*
 * What a change of one job or appointment, or what a client says of consent, would send: the
 * messages of the client thought through twice, as the records stand and as they would stand, each
 * in a draft of its own and with the service's own planner and gate; then both are laid side by
 * side.
 *
 * While that is under way the wall clock stands (send/rehearsal.h): for a process of its own.
 */
#ifndef SEND_FORESEE_H
#define SEND_FORESEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "send/rehearsal.h"
#include "store/desk.h"
#include "store/entities.h"
#include "store/row_change.h"
#include "text/template_set.h"

#define FORESEEN_MAX 2000 /* messages of one client that it keeps in mind */

enum foreseen_kind {
    FORESEEN_NEW,      /* goes, and would not have gone */
    FORESEEN_MOVED,    /* goes at another time */
    FORESEEN_REWORDED, /* goes at the same time in other words, or by another way */
    FORESEEN_GONE,     /* would have gone, and does not: `reason` */
    FORESEEN_NOT_SENT  /* a rule speaks of it, and nothing goes, or not yet: `reason` */
};

/* Strings are NULL where there is none. */
struct foreseen {
    enum foreseen_kind kind;
    enum fate fate;
    char *rule;
    enum channel channel;
    enum entity_kind recipient; /* client, staff, an address of the rule's, the office */
    char *name, *to;            /* of the recipient */
    char *about;                /* the title of the record it is about, if that is another one */
    int64_t at_ms, was_ms;      /* was_ms: MOVED */
    enum channel was_channel;   /* REWORDED, MOVED: by which it would have gone */
    char *reason;
    char *language, *subject, *text;
};

struct foresight {
    struct foreseen *items; /* in the order of their times */
    size_t count;
    size_t same; /* messages that stay as they are */
};
void foresight_close(struct foresight *f);

struct foresee_request {
    const struct settings *settings;
    const struct playbook *playbook;
    const struct template_set *templates;
    const struct row_change *change;     /* NULL: no record changes, */
    const struct consent_line *consents; /* but these are added to the ledger */
    size_t consent_count;
    int64_t client_id; /* the record's client, which the change leaves */
    int64_t now_ms;
};

/* Think it through. Errors: those of the store, with a sentence. foresight_close in any case. */
int foresee(const struct foresee_request *r, struct foresight *out, struct err *err);

#endif
