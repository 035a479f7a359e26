/*
 * Phone numbers are read once for all children and runs: libphonenumber takes milliseconds to wake
 * up and some more for each number, and every child would begin anew. What a number is does not
 * depend on the run (linked with --wrap=phone_e164).
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/str.h"
#include "sim.h"
#include "text/phone.h"

#define PLACES 16384
#define WRITTEN_MAX 24

/* In memory shared with the children; one writes at a time. */
static struct number {
    char written[WRITTEN_MAX]; /* "": free */
    char e164[PHONE_MAX];
    char why[200];
    int rc;
} * numbers;

int __real_phone_e164(const char *written, const char *country, char out[PHONE_MAX],
                      struct err *err);
int __wrap_phone_e164(const char *written, const char *country, char out[PHONE_MAX],
                      struct err *err);

void numbers_make(void)
{
    numbers = sim_share(PLACES * sizeof(*numbers));
}

int __wrap_phone_e164(const char *written, const char *country, char out[PHONE_MAX],
                      struct err *err)
{
    size_t len = strlen(written);

    if (len == 0 || len >= WRITTEN_MAX)
        return __real_phone_e164(written, country, out, err);
    struct number *n = &numbers[str_hash(written, len, 0) % PLACES];
    if (strcmp(n->written, written) != 0) {
        struct err why = {""};
        n->written[0] = '\0';
        n->rc = __real_phone_e164(written, country, n->e164, &why);
        snprintf(n->why, sizeof(n->why), "%.*s", (int)sizeof(n->why) - 1, why.text);
        memcpy(n->written, written, len + 1);
    }
    memcpy(out, n->e164, PHONE_MAX);
    if (n->rc != 0)
        err_set(err, "%s", n->why);
    return n->rc;
}
