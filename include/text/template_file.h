/*
 * The names of the files in a folder of templates (text/template_set.h says what they mean), for
 * whoever lists or edits them: also files that are wrong inside, which no set would hold.
 */
#ifndef TEXT_TEMPLATE_FILE_H
#define TEXT_TEMPLATE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "text/locale.h"

#define TEMPLATE_NAME_BYTES_MAX 64 /* of a rule's folder or a partial */

enum template_form { TEMPLATE_FORM_SMS, TEMPLATE_FORM_EMAIL, TEMPLATE_FORM_HTML };

struct template_file {
    bool shared;                            /* a partial, or the layout */
    char name[TEMPLATE_NAME_BYTES_MAX + 1]; /* of the folder, or of the partial */
    char language[LOCALE_TAG_MAX];          /* "": a partial for every language */
    enum template_form form;
};

/* `[a-z0-9_-]{1,64}`. */
bool template_name_valid(const char *name);

/* "sms", "email", "html": what the file's name ends with. The other way round: false for a word
 * that is none. */
const char *template_form_name(enum template_form form);
bool template_form_from(const char *name, enum template_form *out);

/* Is it a name that a folder of templates may have? A rule's folder does not begin with "_" and has
 * no HTML. */
bool template_file_valid(const struct template_file *f);

/* Read "ready/lv.sms" or "_shared/lv/foot.email"; false: it is no such name. */
bool template_file_parse(const char *path, struct template_file *out);

/* The path beneath the folder; free() it. */
char *template_file_path(const struct template_file *f);

/* Every such file of the folder, by its path: the partials last. free() the list. At most
 * TEMPLATE_SET_FILES_MAX. */
int template_files(const char *dir, struct template_file **out, size_t *count, struct err *err);

#endif
