/*
 * The folder of templates, read whole:
 *
 *     RULE/LANGUAGE.sms            a text message
 *     RULE/LANGUAGE.email          "Subject: ...", an empty line, Markdown
 *     _shared/NAME.sms             partials: {{> NAME}} in a text message,
 *     _shared/NAME.email           ... in an e-mail's subject and body,
 *     _shared/NAME.html            ... in the layout;
 *     _shared/LANGUAGE/NAME.*      the same for one language, which goes before the others
 *     _shared/layout.html          the page around every e-mail (or _shared/LANGUAGE/layout.html)
 *
 * RULE and NAME are `[a-z0-9_-]{1,64}` (a rule's does not begin with an underscore); LANGUAGE is a
 * BCP 47 tag, `kk` or `kk-KZ`. Names that begin with a dot or end with a ~ (an editor's) and
 * README files are passed over; any other file that is not one of these is an error, since a text
 * that nobody ever sends is nobody's intention. Files are opened beneath the folder, may have
 * TEMPLATE_BYTES_MAX bytes, and are UTF-8.
 *
 * A set never changes once it is loaded; a reload makes a new one, and the old one is freed when
 * nothing uses it any more. Safe from any thread.
 */
#ifndef TEXT_TEMPLATE_SET_H
#define TEXT_TEMPLATE_SET_H

#include "text/template.h"
#include "text/template_email.h"

#define TEMPLATE_SET_FILES_MAX 10000

enum template_kind { TEMPLATE_KIND_SMS, TEMPLATE_KIND_EMAIL };

struct template_set;

struct template_entry {
    char *rule; /* the name of its folder */
    char *language;
    char *file; /* beneath the set's folder: "ready/lv.sms" */
    enum template_kind kind;
    struct template *sms;         /* TEMPLATE_KIND_SMS */
    struct template_email *email; /* TEMPLATE_KIND_EMAIL */
    struct str_list uses; /* the known names that it shows, as full paths, the layout's included */
    /* For env.partials when this one is rendered; email: for the layout's as well. */
    struct template_partials partials, layout_partials;
};

/* Load the folder. Every problem goes to `report`, its file with the folder in front; NULL when
 * there was at least one. Included partials have to exist, for the language they are included in.
 * `known`: the names that there are, checked as by template_set_check; NULL: not checked, and no
 * entry knows which ones it uses.
 * Free with template_set_free. */
struct template_set *template_set_load(const char *dir, const struct template_names *known,
                                       template_report_fn report, void *arg);
void template_set_free(struct template_set *s);

/* The same, as if one file had this text: what somebody is about to save. */
struct template_draft {
    const char *file; /* beneath the folder, a path of text/template_file; it need not be there */
    const char *text;
    size_t len;
};
struct template_set *template_set_load_draft(const char *dir, const struct template_draft *draft,
                                             const struct template_names *known,
                                             template_report_fn report, void *arg);

/* The entry for a rule's message, or NULL. Languages are tried in this order: `language`, cut short
 * tag by tag (kk-KZ, kk), `business_language` likewise, en. Both may be NULL. */
const struct template_entry *template_set_find(const struct template_set *s, const char *rule,
                                               enum template_kind kind, const char *language,
                                               const char *business_language);

/* Is there a template of this kind for the rule (NULL: for any rule) in this language itself, be
 * its tag cut short: one that template_set_find would take before any other language? */
bool template_set_speaks(const struct template_set *s, const char *rule, enum template_kind kind,
                         const char *language);

/* Is there a folder with at least one template for the rule? */
bool template_set_has(const struct template_set *s, const char *rule);

/* All entries, by rule, kind and language. */
size_t template_set_count(const struct template_set *s);
const struct template_entry *template_set_at(const struct template_set *s, size_t i);

/* The page around an e-mail in this language, or NULL: the plain one of text/template_email. */
const struct template *template_set_layout(const struct template_set *s, const char *language);

/* Check every template's names (template_check_names), a problem in a shared partial once. The
 * layout knows content, subject, language and direction as well. Returns how many were told. */
int template_set_check(const struct template_set *s, const struct template_names *known,
                       template_report_fn report, void *arg);

#endif
