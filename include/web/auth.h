/*
 * Who is it, and do they mean it: sessions, signing in and out, and the check of forms.
 *
 * A session is a random cookie whose hash the database knows. It changes when somebody signs in and
 * every hour, and ends twelve hours after the last visit or seven days after it began. A form
 * carries the session's token, and has to come from this site's own pages.
 */
#ifndef WEB_AUTH_H
#define WEB_AUTH_H

#include "web/visit.h"

#define TOKEN_HEX 64 /* digits of cookies and tokens */

/* Find out who visits (v->login), and renew their cookie when it is time. 0, or what the database
 * says. */
int auth_recognize(struct visit *v);

/* Is a POST one of our own forms, sent by the visitor? For those who are not signed in, signing in
 * is the only one. */
bool auth_form_is_ours(const struct visit *v);

/* Does the browser say that a request comes from a page of ours? */
bool auth_form_is_from_here(const struct visit *v);

/* The hidden field that every form of a signed-in visitor carries. */
void auth_form_token(struct visit *v);

/* Handlers. */
int auth_sign_in_page(struct visit *v);
int auth_sign_in(struct visit *v);
int auth_sign_out(struct visit *v);

/* Have the visitor sign in: on the page for it, and back here afterwards. A form that came without
 * a session is answered by that page itself, with what was entered (web/lost.h). */
void auth_ask(struct visit *v);

#endif
