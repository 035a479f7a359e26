/*
 * The disk: a file system for SQLite that keeps the database in memory (ram.c), counts steps (a
 * crash may come at each), fails by the story, takes back what was never synced when the power is
 * cut, and tells SQLite the virtual time. Other files are those of SQLite's own file system.
 *
 * Each write keeps what stood there before, until its file is synced. A power cut takes back any
 * of those writes, newest first, and forgets the shared memory, as a machine does.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim.h"

#define JULIAN_EPOCH_MS INT64_C(210866760000000)
#define UNDO_MAX 4096
#define SECTOR_BYTES 4096

/* The database or its journal. */
struct file {
    sqlite3_file base;
    struct ram_open ram;
};

struct undo {
    int file;
    int64_t at, size_before;
    char *before;
    int len, had;
};

static sqlite3_vfs *inner_vfs;
static struct undo undo[UNDO_MAX];
static int undo_count;

/* --- crashes --- */

static void take_back(const struct undo *u)
{
    ram_write(u->file, u->before, u->had, u->at);
    if (u->size_before < u->at + u->len)
        ram_resize(u->file, u->size_before);
}

static void cut_power(void)
{
    char path[200];
    int how = (int)world_below(3); /* nothing is lost, everything is, or some of it */

    for (int i = undo_count - 1; i >= 0; i--)
        if (how == 1 || (how == 2 && world_percent(50)))
            take_back(&undo[i]);
    snprintf(path, sizeof(path), "%s.marks", S->database); /* of another boot, from now on */
    unlink(path);
}

void crash_point(void)
{
    if (!S->up || writer_busy() || S->crash_in == 0 || --S->crash_in > 0)
        return;
    S->crashes++;
    sim_note("crash%s", S->power_cut ? ", the power is cut" : "");
    if (S->power_cut) {
        S->power_cuts++;
        cut_power();
    }
    S->power_cut = false;
    S->up = false;
    S->stopped_cleanly = false;
    S->disturbed_us = S->mono_us;
    fflush(stdout);
    _exit(0);
}

/* --- faults --- */

void disk_break(int64_t for_ms)
{
    static const int faults[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC};

    S->faults++;
    S->fault = faults[world_below(3)];
    S->fault_percent = world_percent(50) ? 100 : 20;
    S->fault_until_us = S->mono_us + for_ms * 1000;
    S->disturbed_us = S->fault_until_us;
    sim_note("the disk fails: %d", S->fault);
}

/* --- files --- */

static struct ram_open *ram_of(sqlite3_file *f)
{
    return &((struct file *)f)->ram;
}

static int f_close(sqlite3_file *f)
{
    ram_close(ram_of(f));
    return SQLITE_OK;
}

static int f_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    return ram_read(ram_of(f)->file, out, n, at) == n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static bool faulty(int fault)
{
    return S->fault == fault && !writer_busy() && S->mono_us < S->fault_until_us &&
           world_percent((unsigned)S->fault_percent);
}

/* Syncing has failed for long: by now the kernel has written the oldest ones by itself. */
static void forget_oldest(void)
{
    for (int i = 0; i < UNDO_MAX / 2; i++)
        free(undo[i].before);
    memmove(undo, undo + UNDO_MAX / 2, UNDO_MAX / 2 * sizeof(*undo));
    undo_count = UNDO_MAX / 2;
}

static void remember(int file, int n, int64_t at)
{
    if (!sim_has(TROUBLE_POWER))
        return; /* nothing is ever taken back */
    if (undo_count == UNDO_MAX)
        forget_oldest();
    struct undo *u = &undo[undo_count++];
    *u = (struct undo){.file = file, .at = at, .size_before = ram_size(file), .len = n};
    u->before = mem_alloc((size_t)n);
    u->had = ram_read(file, u->before, n, at);
}

static int f_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    crash_point();
    if (faulty(SQLITE_FULL))
        return SQLITE_FULL;
    if (faulty(SQLITE_IOERR_WRITE))
        return SQLITE_IOERR_WRITE;
    remember(ram_of(f)->file, n, at);
    return ram_write(ram_of(f)->file, data, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    ram_resize(ram_of(f)->file, size);
    return SQLITE_OK;
}

static void forget(int file)
{
    int kept = 0;

    for (int i = 0; i < undo_count; i++)
        if (undo[i].file == file)
            free(undo[i].before);
        else
            undo[kept++] = undo[i];
    undo_count = kept;
}

static int f_sync(sqlite3_file *f, int flags)
{
    crash_point();
    if (faulty(SQLITE_IOERR_FSYNC))
        return SQLITE_IOERR_FSYNC;
    forget(ram_of(f)->file); /* what it stands on is memory: there is nothing to wait for */
    crash_point();
    return SQLITE_OK;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *out)
{
    *out = ram_size(ram_of(f)->file);
    return SQLITE_OK;
}

static int f_lock(sqlite3_file *f, int level)
{
    return ram_lock(ram_of(f), level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return ram_unlock(ram_of(f), level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    *out = ram_reserved();
    return SQLITE_OK;
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return SQLITE_NOTFOUND;
}

static int f_sector(sqlite3_file *f)
{
    return SECTOR_BYTES;
}

/* What a plain disk can be trusted with, as SQLite's own file system answers. */
static int f_features(sqlite3_file *f)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return ram_index_map(ram_of(f), page, size, extend != 0, out);
}

static int f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return ram_index_lock(ram_of(f), at, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    (void)f; /* all that share it are one thread */
}

static int f_shm_unmap(sqlite3_file *f, int gone)
{
    ram_index_drop(ram_of(f));
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_features,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

/* --- the file system --- */

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    int file = ram_find(name);

    if (file < 0)
        return inner_vfs->xOpen(inner_vfs, name, f, flags, out_flags);
    f->pMethods = NULL;
    int rc = ram_open(ram_of(f), file, flags);
    if (rc == SQLITE_OK)
        f->pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    int file = ram_find(name);

    if (file < 0)
        return inner_vfs->xDelete(inner_vfs, name, sync);
    ram_delete(file);
    return SQLITE_OK;
}

static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    int file = ram_find(name);

    if (file < 0)
        return inner_vfs->xAccess(inner_vfs, name, flags, out);
    *out = ram_exists(file) && (flags != SQLITE_ACCESS_EXISTS || ram_size(file) > 0);
    return SQLITE_OK;
}

static int v_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    return inner_vfs->xFullPathname(inner_vfs, name, n, out);
}

static int v_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    for (int i = 0; i < n; i++)
        out[i] = (char)world_below(256);
    return n;
}

/* Waiting for somebody's lock takes virtual time only; whoever holds it does not run meanwhile. */
static int v_sleep(sqlite3_vfs *vfs, int us)
{
    S->mono_us += us;
    return us;
}

static int v_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    *out = sim_wall_ms() + JULIAN_EPOCH_MS;
    return SQLITE_OK;
}

static int v_days(sqlite3_vfs *vfs, double *out)
{
    *out = (double)(sim_wall_ms() + JULIAN_EPOCH_MS) / 86400000.0;
    return SQLITE_OK;
}

static int v_error(sqlite3_vfs *vfs, int n, char *out)
{
    return inner_vfs->xGetLastError(inner_vfs, n, out);
}

void disk_register(void)
{
    static sqlite3_vfs vfs;

    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    inner_vfs = sqlite3_vfs_find(NULL);
    assert(inner_vfs->szOsFile >= (int)sizeof(struct file));
    vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = inner_vfs->szOsFile,
        .mxPathname = inner_vfs->mxPathname,
        .zName = "simulated",
        .xOpen = v_open,
        .xDelete = v_delete,
        .xAccess = v_access,
        .xFullPathname = v_full_path,
        .xRandomness = v_randomness,
        .xSleep = v_sleep,
        .xCurrentTime = v_days,
        .xGetLastError = v_error,
        .xCurrentTimeInt64 = v_time,
    };
    sqlite3_vfs_register(&vfs, 1);
}
