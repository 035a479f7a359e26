/*
 * Another client's number or address, written down for a second client: whoever opted out under it
 * would hear from us again, for consent belongs to the client's row.
 */
#ifndef STORE_TWIN_H
#define STORE_TWIN_H

#include "plan/record.h"
#include "store/store.h"

/* The name of a client other than `client_id` (0: a new one) who has this number (E.164) or e-mail
 * address, by `channel`, and opted out of service messages by it, new on the heap. `country`: where
 * a number without a country code is meant to be. ERR_NOTFOUND, and NULL: there is none. Looks at
 * every client: for what a person does, not for the loop. */
int store_twin_opted_out(struct store *s, int64_t client_id, enum channel channel,
                         const char *address, const char *country, char **name);

#endif
