/*
 * Clients who are written to in another language than their own, which nobody would notice: no
 * template speaks theirs, or only some do.
 */
#ifndef CLI_LANGUAGES_H
#define CLI_LANGUAGES_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "service/config.h"
#include "store/store.h"
#include "text/template_set.h"

#define LANGUAGES_NAMED_MAX 5

/* How many there are whose language no template speaks, in *clients, and the id of one of them in
 * *first (may be NULL); their languages, the first
 * LANGUAGES_NAMED_MAX, are appended to `which` as "et, lt". Looks at every client. 0, or the
 * store's error. */
int languages_unspoken(struct store *s, const struct template_set *templates, int64_t *clients,
                       int64_t *first, struct buf *which);

/* A language of clients that some texts are in, and not all messages to clients. */
struct language_gap {
    const char *language;  /* of the template set */
    const char *instead;   /* what those are in that have no words; likewise */
    int64_t clients;       /* who have this language */
    size_t rules, lacking; /* that write to clients, and how many of them lack words by a channel */
    struct str_list files; /* that would close it: "ready/lv.sms" */
};

/* All of them, by language. What no client speaks is none: the samples come in languages that many
 * a house never needs. The business's own is left out: that one config_load minds. Looks at every
 * client. Free with language_gaps_free in any case. 0, or the store's error. */
int languages_gaps(struct store *s, const struct config *c, struct language_gap **out,
                   size_t *count);
void language_gaps_free(struct language_gap *list, size_t count);

#endif
