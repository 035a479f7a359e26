/*
 * All that planning one subject needs besides the subject: settings, playbook, what the database
 * keeps of its rules, and the staff. Loaded once, used for many subjects.
 */
#ifndef WATCH_WORLD_H
#define WATCH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "store/records.h"
#include "store/rules.h"
#include "store/store.h"
#include "text/address.h"
#include "text/phone_ahead.h"
#include "text/phone_memo.h"

/* A person's addresses, checked. `plan` points into the struct: do not copy it. */
struct contact {
    char email[ADDRESS_MAX];
    char phone[PHONE_MAX];
    char email_problem[PLAN_REASON_MAX], phone_problem[PLAN_REASON_MAX];
    struct plan_contact plan;
};

struct world {
    struct store *store;
    const struct settings *settings;
    const struct playbook *playbook;
    struct rule_state *rules; /* in the playbook's order */
    uint64_t configuration;   /* a fingerprint of settings and playbook */
    int64_t outdated;         /* how often plans became outdated */
    int64_t generation;       /* both of them; never 0 */
    int64_t former;           /* what is planned with this generation needs only the plan of the */
    size_t lone_rule;         /* ... rule lone_rule anew, see world_inherit; 0: there is none */
    struct plan_world plan;   /* what plan_subject takes; now_ms is set by whoever plans */
    bool behind; /* the log was a backlog: people may have changed since what is planned for them */

    struct plan_rule_state *plan_rules;
    struct staff *staff;
    struct contact *staff_contacts;
    size_t staff_count;
    struct phone_memo *phones;
    struct phone_ahead *phones_ahead; /* of a backlog; NULL: nothing is read ahead */
};

/* Load it. `sync` writes the rule table and notes the zones (inside the caller's transaction);
 * otherwise they are only read. settings and playbook must outlive the world. */
int world_load(struct world *w, struct store *s, const struct settings *settings,
               const struct playbook *playbook, int64_t now_ms, bool sync);
/* Take over what was learned with another one, which goes on without: the numbers read so far, or
 * being read; and what is planned by it, where it differs in nothing but one rule that no other
 * goes by. */
void world_inherit(struct world *w, struct world *from);
void world_close(struct world *w);

/* Note in the database what the zones show that were asked for so far, within the caller's
 * transaction. *moved: one of them shows other clocks than when it was planned with, so there is a
 * new generation and every subject is to be planned again. */
int world_note_zones(struct world *w, bool *moved);

/* All that was planned is to be planned again, within the caller's transaction. */
int world_outdated(struct world *w);

/* The same, after records of a time that has not come were brought back (store/ahead.h): the rules
 * count from other times now. */
int world_clock_back(struct world *w);

/* The staff table changed. */
int world_reload_staff(struct world *w);

/* The index of the rule with this row id in the playbook; -1: none. */
int world_rule_by_id(const struct world *w, int64_t rule_id);

/* How a client or a member of staff can be reached. `consents`: the ledger may have something of
 * the client. */
int contact_of_client(struct world *w, const struct client *c, bool consents, struct contact *out);
void contact_of_staff(struct world *w, const struct staff *s, struct contact *out);

/* A client of a backlog was looked at, who has these facts (store/entities.h): their number will be
 * wanted when their visits are planned. It is read beside the loop until then, or not: the plan is
 * the same. */
void world_read_ahead(struct world *w, const char *facts);

/* Keep what was read ahead by now. */
void world_keep_read(struct world *w);

#endif
