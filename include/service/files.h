/*
 * Notices that a file of the configuration was saved: betimes.conf, playbook.conf, providers,
 * templates. Folders are watched, not files: a watch on a file goes deaf when an editor renames a
 * new one over it.
 */
#ifndef SERVICE_FILES_H
#define SERVICE_FILES_H

#include <uv.h>

struct files;

/* `saved` is called on the loop once things have been quiet for a moment. */
struct files *files_watch(uv_loop_t *loop, const char *dir, void (*saved)(void *arg), void *arg);

/* Look again which folders there are: before everything is read, so that what is saved meanwhile in
 * a new one, or in one that took another's place, is not missed. */
void files_refresh(struct files *f);

/* Watch no more. When the loop has let go of everything, `closed` (may be NULL) is called, and the
 * memory goes. */
void files_close(struct files *f, void (*closed)(void *arg), void *arg);

#endif
