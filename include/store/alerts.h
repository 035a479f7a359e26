/*
 * What somebody is to be alerted of: reasons with a key, from when they began until they are over.
 * A reason is told when it is new and once a day as long as it lasts; what was told is told to be
 * over. The same reason again within a day is no news.
 */
#ifndef STORE_ALERTS_H
#define STORE_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct alert_row {
    char *key, *text;
    int64_t since_ms;
    bool over;
    bool news; /* not told yet, or not since a day */
};
void alert_rows_free(struct alert_row *rows, size_t count);

/* It is so, with these words; since now unless it was so already. `once`: it is news of a moment,
 * told and then forgotten. */
int store_alert_raise(struct store *s, const char *key, const char *text, bool once,
                      int64_t now_ms);

/* It is over. What nobody was told of is forgotten. */
int store_alert_clear(struct store *s, const char *key, int64_t now_ms);

/* Everything of which a digest would speak, what began first first. */
int store_alerts(struct store *s, int64_t now_ms, struct alert_row **out, size_t *count);

/* A digest has told all of that. */
int store_alerts_told(struct store *s, int64_t now_ms);

/* What the database itself knows to need a person. */
struct alert_counts {
    int64_t held, tasks;
    int64_t failed, unknown; /* since `since_ms` */
};
int store_alert_counts(struct store *s, int64_t since_ms, struct alert_counts *out);

/* Each rule that waits for a yes, or waited for one as an alert of the key "rule:NAME" says. */
int store_alert_rules(struct store *s,
                      void (*each)(void *arg, const char *rule, bool asks, const char *reason),
                      void *arg);

#endif
