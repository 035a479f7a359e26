/*
 * Clients whose language no template speaks: they are written to in another one, and nobody would
 * notice.
 */
#ifndef CLI_LANGUAGES_H
#define CLI_LANGUAGES_H

#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"
#include "text/template_set.h"

#define LANGUAGES_NAMED_MAX 5

/* How many there are, in *clients; their languages, the first LANGUAGES_NAMED_MAX, are appended to
 * `which` as "et, lt". Looks at every client. 0, or the store's error. */
int languages_unspoken(struct store *s, const struct template_set *templates, int64_t *clients,
                       struct buf *which);

#endif
