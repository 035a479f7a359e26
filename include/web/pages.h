/*
 * The pages, each a handler for the table in src/web/routes.c.
 */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "web/visit.h"

#define REASON_MAX 200 /* bytes of why somebody paused something */

int page_today(struct visit *v);
int page_pause(struct visit *v);  /* the form: no more sending */
int page_resume(struct visit *v); /* and its end */
int page_clients(struct visit *v);
int page_client(struct visit *v);
int page_board(struct visit *v); /* jobs by their stage */
int page_job(struct visit *v);
int page_job_new(struct visit *v); /* forms, and what they lead to (page_change.c) */
int page_job_edit(struct visit *v);
int page_job_change(struct visit *v);
int page_appointment_new(struct visit *v);
int page_appointment_edit(struct visit *v);
int page_appointment_change(struct visit *v);
int page_appointments(struct visit *v); /* of a day or a week */
int page_appointment(struct visit *v);
int page_mistakes(struct visit *v); /* in the files, for which they are not in use */
int page_playbook(struct visit *v);
int page_rule(struct visit *v);
int page_rule_pause(struct visit *v); /* the forms: no more messages of this rule */
int page_rule_resume(struct visit *v);
int page_edit(struct visit *v); /* a rule's form; what was sent leads to a change, */
int page_edit_sent(struct visit *v);
int page_edit_check(struct visit *v); /* what is wrong so far */
int page_new_rule(struct visit *v);
int page_new_rule_sent(struct visit *v);
int page_new_rule_check(struct visit *v);
int page_change(struct visit *v); /* which is looked at, and saved */
int page_change_save(struct visit *v);
int page_templates(struct visit *v);    /* what is said in which language by which channel */
int page_template_all(struct visit *v); /* all texts of one template */
int page_template(struct visit *v);     /* the editor of one text, and what its buttons do: */
int page_template_preview(struct visit *v);
int page_template_save(struct visit *v);
int page_template_test(struct visit *v);
int page_template_versions(struct visit *v); /* what it was before */
int page_template_restore(struct visit *v);
int page_mail(struct visit *v); /* a mail as it would look, for a frame of the editor */

/* A client's record, and what is written down about a client; each with its form. */
int page_client_edit(struct visit *v); /* without an id: a new one */
int page_client_save(struct visit *v);
int page_client_write(struct visit *v); /* a message of one's own */
int page_client_send(struct visit *v);
int page_note(struct visit *v);
int page_note_save(struct visit *v);
int page_consent(struct visit *v);
int page_consent_save(struct visit *v);
int page_answer(struct visit *v);
int page_answer_save(struct visit *v);

/* Staff: all of them, one of them; the form, without an id of a new one. */
int page_staff(struct visit *v);
int page_staff_member(struct visit *v);
int page_staff_edit(struct visit *v);
int page_staff_save(struct visit *v);

/* One's own account; calendars to subscribe to, and those that are read. */
int page_account(struct visit *v);
int page_account_password(struct visit *v);
int page_account_addresses(struct visit *v);
int page_account_elsewhere(struct visit *v);
int page_calendars(struct visit *v);
int page_calendar_publish(struct visit *v);
int page_calendar_revoke(struct visit *v);

/* Forms of one button: what a person decides about a message or a task. */
int page_message_retry(struct visit *v);
int page_message_cancel(struct visit *v);
int page_message_gone(struct visit *v);
int page_task_done(struct visit *v);
int page_task_undo(struct visit *v);
int page_task_yes(struct visit *v);

/* For programs: one word and its reasons; figures in the text format of Prometheus. */
int health_page(struct visit *v);
int metrics_page(struct visit *v);

/* A published calendar, by the token of its link (web/feeds.h). */
int feed_page(struct visit *v);

/* One visit for a client's own calendar, by the token of its link (send/visit_link.h). */
int visit_page(struct visit *v);

/* A gateway's provider tells what became of a text (gateway/report.h). */
int report_page(struct visit *v);

/* A file of src/web/assets by the last part of its path; ERR_NOTFOUND. */
int asset_page(struct visit *v);

/* Once, before the others. */
void assets_begin(void);

/* The path of an asset, which changes with its content; lives as long as the program. NULL: there
 * is none of the name. */
const char *asset_path(const char *name);

/* Every page there is. */
extern const struct route routes[];
extern const size_t route_count;

#endif
