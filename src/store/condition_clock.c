/*
 * What time it is in a condition. SQLite asks its VFS: the sandbox's is a copy of the default one
 * whose clock is base/clock; every other connection of the process keeps the real one, which is
 * what triggers and other programs write. 'localtime' is the C library's, by the process's TZ.
 *
 * When there is no VFS that could be copied, opening the sandbox fails: there is none of this name.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "condition_inner.h"
#include "store/condition.h"

#define VFS_NAME "betimes-clock"
#define JULIAN_EPOCH_MS INT64_C(210866760000000) /* 1970 as milliseconds of the Julian day */

static int current_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *julian_ms)
{
    *julian_ms = clock_wall_ms() + JULIAN_EPOCH_MS;
    return SQLITE_OK;
}

static int current_time_days(sqlite3_vfs *vfs, double *julian_days)
{
    *julian_days = (double)(clock_wall_ms() + JULIAN_EPOCH_MS) / 86400000.0;
    return SQLITE_OK;
}

/* The default VFS finds its own state through pAppData and through process-wide tables (the locks
 * of a file are shared by all its connections), never through the struct's address: so a copy works
 * side by side with it. */
static void register_vfs(void)
{
    static sqlite3_vfs vfs;
    const sqlite3_vfs *original = sqlite3_vfs_find(NULL);

    if (original == NULL || original->iVersion < 2)
        return; /* opening says that there is no such VFS */
    vfs = *original;
    vfs.pNext = NULL;
    vfs.zName = VFS_NAME;
    vfs.xCurrentTime = current_time_days;
    vfs.xCurrentTimeInt64 = current_time_ms;
    sqlite3_vfs_register(&vfs, 0);
}

const char *condition_clock(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, register_vfs);
    return VFS_NAME;
}

/* The C library looks at a zone's file when TZ gets another value. "Europe/Riga" and
 * "./Europe/Riga" are the same zone, so changing between them makes it look again. */
void conditions_localtime(const struct zone *z)
{
    const char *now = getenv("TZ");
    bool same = now != NULL && strcmp(now, zone_name(z)) == 0;
    char *value = mem_printf("%s%s", same ? "./" : "", zone_name(z));

    setenv("TZ", value, 1);
    tzset();
    free(value);
}
