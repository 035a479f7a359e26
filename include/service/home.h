/*
 * Where a database lives: on which machine, and which file it is. A database that is found
 * elsewhere than where a service last worked on it is a copy.
 *
 * Told apart are machines by the ids of system and board (where they can be read, and not within a
 * container, whose ids come and go), and files by inode and time of birth. A reboot, a rename of
 * file or folder, a VACUUM or an upgrade changes none of them; cp, tar, rsync and a restored backup
 * make another file, a cloned disk has another machine around it.
 */
#ifndef SERVICE_HOME_H
#define SERVICE_HOME_H

#include <stdbool.h>

/* Where the database is now, in one line; free() it. */
char *home_of(const char *database);

/* Why `now` is another place than `before`, both made by home_of: words to follow "this database",
 * for the caller to free; NULL: it is the same place. What only one of them knows is not compared.
 */
char *home_difference(const char *before, const char *now);

#endif
