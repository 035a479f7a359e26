/*
 * What a number as written was read as. See text/phone_memo.h. A table in which each number has one
 * place; another one that falls on it takes its place.
 */
#include "text/phone_memo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define PLACES 32768
#define COUNTRY_MAX 8
#define WRITTEN_MAX 24 /* longer ones are read anew each time */

struct phone_memo {
    char country[COUNTRY_MAX]; /* for which they were read */
    struct place {
        char written[WRITTEN_MAX]; /* "": free */
        char e164[PHONE_MAX];
    } places[PLACES];
};

static void remember_for(struct phone_memo **memo, const char *country)
{
    if (*memo != NULL && strncmp((*memo)->country, country, COUNTRY_MAX - 1) == 0)
        return;
    free(*memo);
    *memo = mem_zalloc(sizeof(**memo));
    snprintf((*memo)->country, COUNTRY_MAX, "%s", country);
}

int phone_memo_e164(struct phone_memo **memo, const char *written, const char *country,
                    char out[PHONE_MAX], struct err *err)
{
    size_t len = strnlen(written, WRITTEN_MAX);
    struct place *p = NULL;

    if (len > 0 && len < WRITTEN_MAX) {
        remember_for(memo, country != NULL ? country : "");
        p = &(*memo)->places[str_hash(written, len, 0) % PLACES];
        if (strcmp(p->written, written) == 0) {
            memcpy(out, p->e164, PHONE_MAX);
            return 0;
        }
    }
    int rc = phone_e164(written, country, out, err);
    if (rc == 0 && p != NULL) {
        memcpy(p->written, written, len + 1);
        memcpy(p->e164, out, PHONE_MAX);
    }
    return rc;
}
