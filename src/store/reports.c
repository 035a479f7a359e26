/* Delivery reports. See store/reports.h. */
#include "store/reports.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

void report_row_close(struct report_row *r)
{
    free(r->gateway);
    free(r->provider_id);
    free(r->code);
    *r = (struct report_row){0};
}

void reports_free(struct report_row *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        report_row_close(&list[i]);
    free(list);
}

int store_report_token(struct store *s, int64_t message_id, char **token)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT token FROM payload WHERE message_id = ?1");

    *token = NULL;
    if (st != NULL)
        bind_int(st, 1, message_id);
    int rc = store_step(s, st);
    if (rc == 0)
        return ERR_NOTFOUND;
    if (rc != 1)
        return rc;
    *token = column_text(st, 0);
    return store_finish(s, st);
}

int store_report_add(struct store *s, const struct report_row *r)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO report (message_id, gateway, status, provider_id, code, "
                         "at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING");

    if (st != NULL) {
        bind_int(st, 1, r->message_id);
        bind_text(st, 2, r->gateway);
        bind_int(st, 3, r->status);
        bind_text(st, 4, r->provider_id);
        bind_text(st, 5, r->code);
        bind_int(st, 6, r->at_ms);
    }
    return store_finish(s, st);
}

int store_reports_open(struct store *s, size_t max, struct report_row **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT r.id, r.message_id, r.gateway, r.status, r.provider_id, r.code, r.at_ms "
           "FROM report r INDEXED BY report_open CROSS JOIN message m ON m.id = r.message_id "
           "WHERE r.settled = 0 AND m.state <> 3 ORDER BY r.id LIMIT ?1");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct report_row){.id = column_int(st, 0),
                                                 .message_id = column_int(st, 1),
                                                 .gateway = column_text(st, 2),
                                                 .status = (int)column_int(st, 3),
                                                 .provider_id = column_text(st, 4),
                                                 .code = column_text(st, 5),
                                                 .at_ms = column_int(st, 6)};
    }
    return rc;
}

int store_report_settled(struct store *s, int64_t id)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE report SET settled = 1 WHERE id = ?1");

    if (st != NULL)
        bind_int(st, 1, id);
    return store_finish(s, st);
}
