/*
 * The texts that the business writes, as the pages show and change them: the folder of templates
 * as it is on the disk now, with the configuration and the playbook around it. Read anew for each
 * page, so that what an editor outside has just saved is seen, also when it is wrong and the
 * service goes on with what was before.
 */
#ifndef WEB_TEXTS_H
#define WEB_TEXTS_H

#include "playbook/playbook.h"
#include "playbook/problems.h"
#include "playbook/settings.h"
#include "store/templates.h"
#include "text/template_file.h"
#include "text/template_set.h"
#include "web/site.h"

#define TEXT_BYTES_MAX (64 * 1024) /* of a text that is changed on the page */

struct texts {
    struct settings *settings; /* NULL: betimes.conf is wrong */
    struct playbook *playbook; /* without what is wrong in it; NULL: it cannot be read */
    struct template_file *files;
    size_t file_count;
    struct template_set *set; /* NULL: some template is wrong, or texts_set was not called */
    struct problems problems; /* of everything that was read */
};

/* Read the configuration, the playbook, and which files there are. Close it in any case. */
void texts_read(struct texts *t, const struct site *site);
void texts_close(struct texts *t);

/* Read the templates, as if `draft` (NULL: none) were saved. */
void texts_set(struct texts *t, const struct template_draft *draft);

/* Does a problem stand in this file, a path beneath the folder of templates? */
bool texts_is_in(const struct texts *t, const struct problem *p, const char *path);

/* Is there a text in this very language? */
bool texts_has(const struct texts *t, const char *name, enum template_form form,
               const char *language);

/* The text that somebody who reads `language` gets by her own language, be the tag cut short; NULL:
 * there is none, and others are looked for. */
const struct template_file *texts_speaks(const struct texts *t, const char *name,
                                         enum template_form form, const char *language);

/* The shared part that texts in `language` include by this name: one in it, be the tag cut short,
 * or for every language; NULL: there is none. */
const struct template_file *texts_part(const struct texts *t, const char *name,
                                       enum template_form form, const char *language);

/* The first rule that has its words there, from number *at on, which moves behind it; NULL: no
 * more. */
const struct rule *texts_rule(const struct texts *t, const char *name, size_t *at);

/* Does some rule need words of this form there; with `by_clients`, one that writes to clients? */
bool texts_wanted(const struct texts *t, const char *name, enum template_form form,
                  bool by_clients);

/* Which channel is it for? An HTML partial is for mails. */
enum channel texts_channel(enum template_form form);

/* Write down the versions of texts that were changed in their files, not on the page. Within no
 * transaction. Errors: those of the store. */
int texts_note(struct store *s, const char *dir, int64_t now_ms);

/* Was what the business says in its own language changed after this translation of it? */
bool texts_is_old(const struct texts *t, const struct template_file *f,
                  const struct template_age *ages, size_t age_count);

#endif
