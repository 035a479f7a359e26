/*
 * Reads INI files: betimes.conf, playbook.conf and the provider files.
 *
 *     ; a comment, also with #; after white space, too
 *     [kind name]                    one section; the name may be missing, or in quotes
 *     key = value                    ; keys start at the line's beginning
 *     long = first line
 *            second line             ; indented: goes on. The value is "first line\nsecond line"
 *     quoted = " ; kept, with the spaces, and \" is a quote"
 *     body = {"text": "no comment ; in here", "it": 'nor # here'}
 *
 * - The file is UTF-8; a byte order mark and CRLF are accepted. No other control character but the
 *   tab is.
 * - Quotes (" or ') only hide ; and #, and have to close on their line. They stay part of the
 * value, unless one pair of " encloses the whole of it: then they go, and \" and \\ become " and \.
 *   An apostrophe within a word (client's), or without a partner on its line, is no quote.
 * - White space around keys, values and each continued line goes. Inside it stays as it is.
 * - Blank lines and comments do not end a value; an entry or a section does.
 * - The same key twice in a section, or the same section twice, is an error that says where the
 *   first one is.
 */
#ifndef PLAYBOOK_INI_H
#define PLAYBOOK_INI_H

#include <stddef.h>

#include "base/buf.h"
#include "playbook/problems.h"

#define INI_FILE_MAX (1024 * 1024) /* bytes a file */
#define INI_VALUE_MAX (64 * 1024)  /* bytes a value */
#define INI_SECTIONS_MAX 2000      /* a file */
#define INI_ENTRIES_MAX 1000       /* a section */

struct ini_entry {
    char *key;   /* white space inside folded to single spaces; never empty */
    char *value; /* "" for `key =`; lines of a continued value are separated by \n */
    int line;    /* where the key stands */
    bool broken; /* the value cannot be what was meant, which was told: nothing more to say of it */
};

struct ini_section {
    char *kind; /* "gateway" in [gateway mail] */
    char *name; /* "mail"; "" when there is none; never NULL */
    int line;
    struct ini_entry *entries; /* in the file's order */
    size_t count, cap;
};

struct ini {
    char *file; /* as given, for messages */
    struct ini_section *sections;
    size_t count, cap;
};

/* Read the file at `path`. Everything wrong in it goes into `problems`, and what can be read is
 * read nevertheless, so that a caller can go on and find more to say. NULL only when the file
 * cannot be read at all (then there is one error about it). Free with ini_free. */
struct ini *ini_read(const char *path, struct problems *problems);

/* The first half of that: the text of the file alone, appended to `text`. ERR_*, with one problem
 * about it, when the file cannot be read at all. */
int ini_load(const char *path, struct buf *text, struct problems *problems);

/* The same as ini_read for text in memory; `file` is the name used in messages. Never NULL. */
struct ini *ini_parse(const char *file, const char *text, size_t len, struct problems *problems);
void ini_free(struct ini *ini); /* overwrites the values first: some are secrets */

/* The first section of this kind and name ("" for none); NULL when there is none. */
const struct ini_section *ini_section(const struct ini *ini, const char *kind, const char *name);

/* The entry with this key (or its value); NULL when the section (which may be NULL) has none. */
const struct ini_entry *ini_entry(const struct ini_section *section, const char *key);
const char *ini_get(const struct ini_section *section, const char *key);

#endif
