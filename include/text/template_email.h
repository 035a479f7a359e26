/*
 * An e-mail's template: a `Subject:` line, an empty line, then the body in Markdown. Rendered to
 * the three texts a mail is made of: subject, plain text, HTML page.
 *
 *     Subject: Your car is ready, {{client.name | first_name}}
 *
 *     Hello {{client.name | first_name}},
 *
 * No other header may stand there: sender, recipient and the rest come from the configuration.
 */
#ifndef TEXT_TEMPLATE_EMAIL_H
#define TEXT_TEMPLATE_EMAIL_H

#include "text/template.h"

struct template_email {
    struct template *subject; /* TEMPLATE_HEADER */
    struct template *body;    /* TEMPLATE_MARKDOWN */
};

/* Compile; source->place is not looked at. Problems as template_compile; NULL when there was one.
 */
struct template_email *template_email_compile(const struct template_source *source,
                                              template_report_fn report, void *arg);
void template_email_free(struct template_email *e);

struct template_mail {
    struct buf subject; /* UTF-8, one line, without white space at its ends */
    struct buf text;    /* LF line ends */
    struct buf html;    /* a whole page, LF line ends */
};
void template_mail_init(struct template_mail *m);
void template_mail_close(struct template_mail *m);

/* Render all three, appended to `out`. `layout` (TEMPLATE_HTML; NULL: a plain one of our own) is
 * the page around the body: it sees all of `data`, and above it {{{content}}}, {{subject}},
 * {{language}} and {{direction}} ("ltr" or "rtl"); its partials are found by `layout_partials`
 * (NULL: none). Returns as template_render; an empty subject is among the report's problems. */
int template_email_render(const struct template_email *e, const struct template *layout,
                          const struct template_partials *layout_partials, const json_t *data,
                          const struct template_env *env, struct template_mail *out,
                          struct template_report *report);

/* One of several e-mails that go as one. */
struct template_email_part {
    const struct template_email *email;
    const json_t *data;
    const struct template_env *env;
};

/* The same for `count` of them (at least one): the subject, the page around and its data are the
 * first one's, the bodies follow one another with a line between. */
int template_emails_render(const struct template_email_part *parts, size_t count,
                           const struct template *layout,
                           const struct template_partials *layout_partials,
                           struct template_mail *out, struct template_report *report);

#endif
