/*
 * What the pages about one client share.
 */
#ifndef WEB_CLIENTS_H
#define WEB_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/record.h"
#include "web/visit.h"
#include "web/words.h"

#define CLIENT_ABOUT_MAX 32
#define CLIENT_PATH_MAX 64

/* How the audit calls a client: "client 7". */
void client_about(int64_t id, char out[CLIENT_ABOUT_MAX]);

/* "/clients/7", or "/clients/7/edit". */
void client_path(int64_t id, const char *what, char out[CLIENT_PATH_MAX]);

/* Begin a page about something that is to be done with the client of the visit: its heading, and
 * the way back to the client. ERR_NOTFOUND: there is no such client. */
int client_task_begin(struct visit *v, enum word title);

/* And its end: the button, and the form's and the page's ends. */
int client_task_end(struct visit *v, enum word button);

/* A deed about the client of the visit, in a transaction: ERR_NOTFOUND when there is no such client
 * any more; and its end, with a line in the audit and a way back to the client's page. */
int client_deed_begin(struct visit *v);
int client_deed_end(struct visit *v, int rc, const char *action, const char *detail,
                    const char *said);

/* What a client may say of consent: the channels and purposes that it is about, and yes or no. */
#define CONSENT_BIT(channel, purpose) (1u << ((channel)*PURPOSE_COUNT + (purpose)))
struct consent_wish {
    const char *value;
    enum word group, w;
    unsigned mask; /* of CONSENT_BITs */
    bool in;
};
/* The one that is about these; NULL: there are no words for it. */
const struct consent_wish *consent_wish_of(unsigned mask, bool in);

/* The client's whole history in one list: messages, answers, notes, tasks, consent, changes, the
 * latest first. */
int client_history(struct visit *v, int64_t client_id);

/* What the client may be sent, and how that came about. */
int client_consent(struct visit *v, int64_t client_id);

#endif
