/*
 * What a new folder starts with: the samples that come with the program, which are betimes.conf,
 * the playbook, provider files and templates.
 */
#ifndef CLI_SAMPLES_H
#define CLI_SAMPLES_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Copy them into the folder `dir`, which is made if need be. A file that is there already stays as
 * it is; its name is added to `stayed`, which may be NULL. betimes.conf comes last, so that a copy
 * that was interrupted can be told. *written counts the new files.
 *
 * They are looked for in $BETIMES_SHARE; beside this program or under its prefix; in the source
 * tree that it was built in; where it was to be installed. ERR_NOTFOUND: in none of them. */
int samples_copy(const char *dir, size_t *written, struct str_list *stayed, struct err *err);

#endif
