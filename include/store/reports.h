/*
 * Delivery reports: what providers told, until the engine has looked at it. One row per message,
 * gateway and status, so that a report told twice is one.
 */
#ifndef STORE_REPORTS_H
#define STORE_REPORTS_H

#include <stddef.h>

#include "store/store.h"

/* The gateway of a report that is a person's: they know that it went out. `code` is who. */
#define REPORT_BY_HAND "by hand"

struct report_row {
    int64_t id;
    int64_t message_id;
    char *gateway;
    int status;               /* enum report_status, gateway/report.h */
    char *provider_id, *code; /* "": none */
    int64_t at_ms;
};

/* Free what it holds. */
void report_row_close(struct report_row *r);

/* The token of a message, which went out with it and came back with the report; to be freed.
 * ERR_NOTFOUND: there is none. */
int store_report_token(struct store *s, int64_t message_id, char **token);

/* Keep a report; one that is there already stays as it is. A single statement, which commits by
 * itself. */
int store_report_add(struct store *s, const struct report_row *r);

/* The oldest that were not looked at, but not of messages that are being sent: their own answer
 * comes first. At most `max`. Free with reports_free. */
int store_reports_open(struct store *s, size_t max, struct report_row **out, size_t *count);
void reports_free(struct report_row *list, size_t count);

/* It has been looked at. */
int store_report_settled(struct store *s, int64_t id);

#endif
