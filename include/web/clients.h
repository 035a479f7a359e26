/*
 * What the pages about one client share.
 */
#ifndef WEB_CLIENTS_H
#define WEB_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

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

/* The client's whole history in one list: messages, answers, notes, tasks, consent, changes, the
 * latest first. */
int client_history(struct visit *v, int64_t client_id);

/* What the client may be sent, and how that came about. */
int client_consent(struct visit *v, int64_t client_id);

#endif
