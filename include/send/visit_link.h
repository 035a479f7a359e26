/*
 * The link by which a client puts one visit into their own calendar, short enough for a text:
 * "https://garage.example.com/c/3kTx...". Behind it is the visit as it stands when it is opened.
 *
 * The link is "/c/", the appointment's entity in digits to the base of 62, and a signature of 128
 * bits under a key that only this database has. So nothing is written down for a link, nobody finds
 * another one by trying, and whatever is true of the database (it was moved, or put back to an
 * earlier day) is true of its links.
 */
#ifndef SEND_VISIT_LINK_H
#define SEND_VISIT_LINK_H

#include <stdint.h>

#include "store/store.h"

#define VISIT_LINK_NAME "appointment.calendar_link" /* of it, in templates */

/* The link to the appointment with this row id, below the page's `url`. The first one makes the key
 * (which writes). ERR_NOTFOUND: the service does not know the appointment (yet). free() *out. */
int visit_link(struct store *s, const char *url, int64_t appointment_id, char **out);

/* One that leads nowhere and is as long: for showing what a message will look like. free() it. */
char *visit_link_sample(const char *url);

/* Which entity is a link's last part about? ERR_NOTFOUND: it is none of ours. */
int visit_link_read(struct store *s, const char *token, int64_t *subject_id);

#endif
