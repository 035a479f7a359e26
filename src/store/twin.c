/* Who opted out under the same number or address. See store/twin.h. */
#include "store/twin.h"

#include <string.h>
#include <strings.h>

#include "store/internal.h"
#include "text/phone.h"

/* Rows have a number as somebody wrote it. */
static bool is_same(const char *written, const char *address, enum channel channel,
                    const char *country)
{
    char number[PHONE_MAX];
    struct err err = {""};

    if (written == NULL)
        return false;
    if (channel == CHANNEL_EMAIL)
        return strcasecmp(written, address) == 0;
    return phone_e164(written, country, number, &err) == 0 && strcmp(number, address) == 0;
}

int store_twin_opted_out(struct store *s, int64_t client_id, enum channel channel,
                         const char *address, const char *country, char **name)
{
    /* The row with the highest id counts, as for the gate. */
    sqlite3_stmt *st = store_prepare(
        s, "SELECT c.name, CASE ?2 WHEN 'sms' THEN trim(c.phone) ELSE trim(c.email) END "
           "FROM client c JOIN consent k ON k.id = (SELECT max(l.id) FROM consent l "
           "WHERE l.client_id = c.id AND l.channel = ?2 AND l.purpose = 'service') "
           "WHERE k.state = 'out' AND c.id <> ?1 ORDER BY c.id");
    int rc;

    *name = NULL;
    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_text(st, 2, channel_name(channel));
    }
    while ((rc = store_step(s, st)) == 1) {
        if (!is_same((const char *)sqlite3_column_text(st, 1), address, channel, country))
            continue;
        *name = column_text(st, 0);
        store_reset(st);
        return 0;
    }
    return rc == 0 ? ERR_NOTFOUND : rc;
}
