/*
 * The disk: SQLite's own file system with a layer over it that counts steps (a crash may come at
 * each), fails by the story, takes back what was never synced when the power is cut, and tells
 * SQLite the virtual time.
 *
 * Each write keeps what stood there before, until its file is synced. A power cut takes back any
 * of those writes, newest first, and forgets the shared memory, as a machine does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim.h"

#define JULIAN_EPOCH_MS INT64_C(210866760000000)
#define UNDO_MAX 4096

struct file {
    sqlite3_file base;
    const char *path; /* SQLite's own, lives as long as the file */
    bool ours;        /* the database or its journal */
    sqlite3_file *inner;
};

struct undo {
    char *path;
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
    int fd = open(u->path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return;
    if (pwrite(fd, u->before, (size_t)u->had, u->at) != u->had ||
        (u->size_before < u->at + u->len && ftruncate(fd, u->size_before) != 0))
        sim_fail("the power cut itself failed");
    close(fd);
}

static void cut_power(void)
{
    char path[200];
    int how = (int)world_below(3); /* nothing is lost, everything is, or some of it */

    for (int i = undo_count - 1; i >= 0; i--)
        if (how == 1 || (how == 2 && world_percent(50)))
            take_back(&undo[i]);
    snprintf(path, sizeof(path), "%s-shm", S->database);
    unlink(path);
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

static struct file *file_of(sqlite3_file *f)
{
    return (struct file *)f;
}

#define INNER(f) (file_of(f)->inner)

static int f_close(sqlite3_file *f)
{
    return INNER(f)->pMethods->xClose(INNER(f));
}

static int f_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    return INNER(f)->pMethods->xRead(INNER(f), out, n, at);
}

static bool faulty(int fault)
{
    return S->fault == fault && !writer_busy() && S->mono_us < S->fault_until_us &&
           world_percent((unsigned)S->fault_percent);
}

/* Syncing has failed for long: by now the kernel has written the oldest ones by itself. */
static void forget_oldest(void)
{
    for (int i = 0; i < UNDO_MAX / 2; i++) {
        free(undo[i].path);
        free(undo[i].before);
    }
    memmove(undo, undo + UNDO_MAX / 2, UNDO_MAX / 2 * sizeof(*undo));
    undo_count = UNDO_MAX / 2;
}

static void remember(struct file *f, int n, sqlite3_int64 at)
{
    sqlite3_int64 size = 0;

    if (undo_count == UNDO_MAX)
        forget_oldest();
    f->inner->pMethods->xFileSize(f->inner, &size);
    struct undo *u = &undo[undo_count++];
    *u = (struct undo){.path = mem_strdup(f->path), .at = at, .size_before = size, .len = n};
    u->had = at >= size ? 0 : at + n > size ? (int)(size - at) : n;
    u->before = mem_alloc((size_t)n);
    if (u->had > 0)
        f->inner->pMethods->xRead(f->inner, u->before, u->had, at);
}

static int f_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    if (file_of(f)->ours) {
        crash_point();
        if (faulty(SQLITE_FULL))
            return SQLITE_FULL;
        if (faulty(SQLITE_IOERR_WRITE))
            return SQLITE_IOERR_WRITE;
        remember(file_of(f), n, at);
    }
    return INNER(f)->pMethods->xWrite(INNER(f), data, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return INNER(f)->pMethods->xTruncate(INNER(f), size);
}

static void forget(const char *path)
{
    int kept = 0;

    for (int i = 0; i < undo_count; i++)
        if (strcmp(undo[i].path, path) == 0) {
            free(undo[i].path);
            free(undo[i].before);
        } else {
            undo[kept++] = undo[i];
        }
    undo_count = kept;
}

static int f_sync(sqlite3_file *f, int flags)
{
    if (!file_of(f)->ours)
        return INNER(f)->pMethods->xSync(INNER(f), flags);
    crash_point();
    if (faulty(SQLITE_IOERR_FSYNC))
        return SQLITE_IOERR_FSYNC;
    forget(file_of(f)->path); /* what it stands on is memory: there is nothing to wait for */
    crash_point();
    return SQLITE_OK;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *out)
{
    return INNER(f)->pMethods->xFileSize(INNER(f), out);
}

static int f_lock(sqlite3_file *f, int level)
{
    return INNER(f)->pMethods->xLock(INNER(f), level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return INNER(f)->pMethods->xUnlock(INNER(f), level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return INNER(f)->pMethods->xCheckReservedLock(INNER(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return INNER(f)->pMethods->xFileControl(INNER(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return INNER(f)->pMethods->xSectorSize(INNER(f));
}

static int f_features(sqlite3_file *f)
{
    return INNER(f)->pMethods->xDeviceCharacteristics(INNER(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return INNER(f)->pMethods->xShmMap(INNER(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return INNER(f)->pMethods->xShmLock(INNER(f), at, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    INNER(f)->pMethods->xShmBarrier(INNER(f));
}

static int f_shm_unmap(sqlite3_file *f, int gone)
{
    return INNER(f)->pMethods->xShmUnmap(INNER(f), gone);
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
    struct file *x = file_of(f);

    x->base.pMethods = NULL;
    x->path = name;
    x->ours = name != NULL && strncmp(name, S->database, strlen(S->database)) == 0;
    x->inner = (sqlite3_file *)(x + 1);
    int rc = inner_vfs->xOpen(inner_vfs, name, x->inner, flags, out_flags);
    if (x->inner->pMethods != NULL)
        x->base.pMethods = &methods;
    return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    return inner_vfs->xDelete(inner_vfs, name, sync);
}

static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    return inner_vfs->xAccess(inner_vfs, name, flags, out);
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

    sqlite3_initialize();
    inner_vfs = sqlite3_vfs_find(NULL);
    vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct file) + inner_vfs->szOsFile,
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
