/*
 * What the pages show beyond store/queries.h. Reading only; each of these stays quick however many
 * messages and clients there are, unless it says otherwise.
 */
#ifndef STORE_WEB_QUERIES_H
#define STORE_WEB_QUERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/queries.h"
#include "store/store.h"

/* The messages that went since `since_ms`, the latest first, at most `max`; and of all of them, how
 * many by each channel. Free with outbox_rows_free. */
int store_sent_since(struct store *s, int64_t since_ms, size_t max, struct outbox_row **out,
                     size_t *count, int64_t by_channel[CHANNEL_COUNT]);

/* Messages in these of the states held, unknown, bounced, failed, cancelled, skipped and expired
 * that came to them since `since_ms`: the latest `max`, the latest first, and how many in all. */
int store_apart_since(struct store *s, unsigned states, int64_t since_ms, size_t max,
                      struct outbox_row **out, size_t *count, int64_t *total);

/* The next `max` pending messages in the order of their times; held ones are left out. */
int store_upcoming(struct store *s, size_t max, struct outbox_row **out, size_t *count);

/* How a gateway has done since some time. */
struct gateway_record {
    char *name;
    int64_t sent, not_sent;   /* attempts */
    int64_t last_sent_ms;     /* 0: not since then */
    int64_t last_not_sent_ms; /* 0: not since then */
};
int store_gateway_records(struct store *s, int64_t since_ms, struct gateway_record **out,
                          size_t *count);
void gateway_records_free(struct gateway_record *list, size_t count);

/* Clients whose name, ref, e-mail address and telephone number together contain each word of
 * `words`, without regard to the case of letters and to marks on Latin ones ("berzina" finds
 * Bērziņa); telephone numbers are also found without their spaces. At most `max`, by name; *more:
 * there are others. Looks at every client: some 60 ms for 100,000. With NULL or blank words: the
 * clients that came last, the latest first. */
struct client_line {
    int64_t id;
    char *name, *ref, *email, *phone, *language; /* all but the name may be NULL */
};
int store_search_clients(struct store *s, const char *words, size_t max, struct client_line **out,
                         size_t *count, bool *more);
void client_lines_free(struct client_line *list, size_t count);

/* The jobs and appointments of a client, the latest `max` of each; the appointments in the order of
 * their times as written. Free with the functions below. */
int store_client_jobs(struct store *s, int64_t client_id, size_t max, struct job **out,
                      size_t *count);
int store_client_appointments(struct store *s, int64_t client_id, size_t max,
                              struct appointment **out, size_t *count);
void jobs_free(struct job *list, size_t count);
void appointments_free(struct appointment *list, size_t count);

/* What people noted of a client; NULL: nothing. free() it. */
int store_client_notes(struct store *s, int64_t client_id, char **out);

/* Messages about a client, or to them: the latest `max` that are no longer pending, by their last
 * change, the latest first; with `pending`, the next `max` that are, the next one first. */
int store_client_messages(struct store *s, int64_t client_id, bool pending, size_t max,
                          struct outbox_row **out, size_t *count);

/* Messages about one job (with its appointments) or one appointment, and about what the client
 * answered about it: in the same orders. */
int store_messages_about(struct store *s, enum entity_kind kind, int64_t row_id, int64_t client_id,
                         bool pending, size_t max, struct outbox_row **out, size_t *count);

/* The attempts since the database was made, by gateway and outcome. Reads them all: for whoever
 * collects figures. */
struct attempt_count {
    char *gateway, *outcome;
    int64_t count;
};
int store_attempt_counts(struct store *s, struct attempt_count **out, size_t *count);
void attempt_counts_free(struct attempt_count *list, size_t count);

#endif
