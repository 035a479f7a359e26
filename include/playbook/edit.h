/*
 * Editing a configuration file in place: one section's keys change, and everything else stays as
 * its owner wrote it, byte for byte: comments, order, blank lines, the way values are continued,
 * line ends.
 *
 * Each of these reads the text it made once more, and refuses (ERR_INVALID) if the reader of the
 * file (playbook/ini.h) sees anything else in it than what was asked for. What a value means is not
 * looked at here: that is for whoever checks the whole configuration.
 */
#ifndef PLAYBOOK_EDIT_H
#define PLAYBOOK_EDIT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* What a key is to be; a blank or missing value: the key is left out. */
struct edit_key {
    const char *key, *value; /* lines of a continued value are separated by \n, as in ini_entry */
};

/* Where [kind name] stands in the text: from its header to the end of its last line (without its
 * line end), with comments that follow directly unless they stand on top of the next section.
 * ERR_NOTFOUND. */
int edit_find(const char *text, size_t len, const char *kind, const char *name, size_t *begin,
              size_t *end);

/* Append to `out` the text with these keys of [kind name] changed; keys that are not named stay,
 * and so does a value that is the same already, however it is written. A comment behind a value
 * stays in its column, and behind a key that goes it becomes a line of its own. A new key goes to
 * the section's end. ERR_NOTFOUND, ERR_INVALID with a sentence. */
int edit_keys(const char *text, size_t len, const char *kind, const char *name,
              const struct edit_key *keys, size_t count, struct buf *out, struct err *err);

/* The same with `section` (its header and its keys, with comments) in the place of [kind name].
 * ERR_INVALID unless it is one section of this kind. */
int edit_replace(const char *text, size_t len, const char *kind, const char *name,
                 const char *section, struct buf *out, struct err *err);

/* The same with `section` added at the end; ERR_INVALID unless it is one section of this kind. */
int edit_add(const char *text, size_t len, const char *kind, const char *section, struct buf *out,
             struct err *err);

/* The same without [kind name], and without the comment lines that stand right on top of it, unless
 * they are the beginning of the file. */
int edit_remove(const char *text, size_t len, const char *kind, const char *name, struct buf *out,
                struct err *err);

#endif
