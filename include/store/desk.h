/*
 * What people do to clients' records on the page: write them, note something down, record what a
 * client agreed to. The rows are those that any other program could write; the service reacts to
 * them alike.
 */
#ifndef STORE_DESK_H
#define STORE_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "store/store.h"

/* ---- a client's row */

/* As a form shows and writes it; strings are owned, NULL or blank: none. */
struct client_row {
    char *name, *ref, *email, *phone, *language, *timezone, *channel, *tags, *notes;
    uint64_t version; /* another one as soon as any of these changed */
};
void client_row_close(struct client_row *c);

/* Read it. ERR_NOTFOUND. Close in any case. */
int store_client_row(struct store *s, int64_t id, struct client_row *out);

/* Write the row `*id`, or a new one (0, which is then set); its other columns stay as they are.
 * ERR_EXISTS: another client has the ref. Blank texts become NULL. */
int store_client_write(struct store *s, int64_t *id, const struct client_row *c, int64_t now_ms);

/* ---- the ledger of consent */

#define CONSENTS_MAX (CHANNEL_COUNT * PURPOSE_COUNT) /* rows that one word of a client can make */

/* Strings may be NULL. */
struct consent_line {
    enum channel channel;
    enum purpose purpose;
    bool in;
    char *at, *source, *wording; /* as they stand in the row */
    int64_t at_ms;               /* 0: `at` is no time */
};

/* The rows of a client, the latest `max`, the latest first; and how many there are in all. Free
 * with consent_lines_free in any case. */
int store_consent_ledger(struct store *s, int64_t client_id, size_t max, struct consent_line **out,
                         size_t *count, int64_t *total);
void consent_lines_free(struct consent_line *list, size_t count);

/* Add a row, of now. */
int store_consent_add(struct store *s, int64_t client_id, const struct consent_line *c,
                      int64_t now_ms);

/* ---- notes */

struct note {
    int64_t id, client_id, at_ms;
    char *by, *text;
    char *client_name; /* NULL: the client has none, or is gone */
};

/* Somebody notes something about a client. */
int store_note_add(struct store *s, int64_t client_id, const char *by, const char *text,
                   int64_t now_ms);

/* The latest `max` notes (0: all) about a client (0: about anybody) since `since_ms`, the latest
 * first. Free with notes_free in any case. */
int store_notes(struct store *s, int64_t client_id, int64_t since_ms, size_t max, struct note **out,
                size_t *count);
void notes_free(struct note *list, size_t count);

/* ---- what was done, and by whom */

struct audit_line {
    int64_t at_ms;
    char *user, *action, *about, *detail; /* the last two may be NULL */
};

/* The latest `max` lines (store_audit) about a record since `since_ms`, the latest first. Free with
 * audit_lines_free in any case. */
int store_audited(struct store *s, const char *about, int64_t since_ms, size_t max,
                  struct audit_line **out, size_t *count);
/* The same of what concerns the whole house, and no one record: sending paused, users, published
 * calendars; no signing in. */
int store_audited_house(struct store *s, size_t max, struct audit_line **out, size_t *count);
void audit_lines_free(struct audit_line *list, size_t count);

#endif
